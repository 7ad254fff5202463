/** Drawings as SVG by Observable Plot in a small DOM, styled by the page they are put into. Report layer. */
import type { PlotOptions } from "@observablehq/plot";

/** The plotting library. */
export type Library = typeof import("@observablehq/plot");

/** The library with a way to draw. */
export interface Drawing {
  readonly Plot: Library;
  /** The drawing as text, with a sentence for who cannot see it. */
  readonly svg: (description: string, options: PlotOptions) => string;
}

/** Loads the library: a fifth of a second, so only when there is something to draw. */
export async function loadLibrary(): Promise<Drawing> {
  const [Plot, { parseHTML }] = await Promise.all([
    import("@observablehq/plot"),
    import("linkedom/worker"),
  ]);
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  return {
    Plot,
    svg: (description, options) =>
      clean(String(Plot.plot({ document, className: "plot", ...options }).outerHTML), description),
  };
}

/** Leaves style to the page, shortens numbers, and gives the drawing a description. */
function clean(svg: string, description: string): string {
  return svg
    .replace(/<style>[\s\S]*?<\/style>/g, "")
    .replace(/ (?:d|transform|[xy][12]?|c[xy]|width|height)="[^"]*"/g, (attribute) =>
      attribute.replace(/(\d+\.\d)\d+/g, "$1"),
    )
    .replace("<svg ", `<svg role="img" aria-description="${description.replace(/[<>&"]/g, "")}" `);
}
