/** The 3×5 bitmap font of the synthetic worlds: digits, operators and the unknown `x`. Data layer. */
const rows: Readonly<Record<string, string>> = {
  "0": "### #.# #.# #.# ###",
  "1": ".#. ##. .#. .#. ###",
  "2": "### ..# ### #.. ###",
  "3": "### ..# ### ..# ###",
  "4": "#.# #.# ### ..# ..#",
  "5": "### #.. ### ..# ###",
  "6": "### #.. ### #.# ###",
  "7": "### ..# .#. .#. .#.",
  "8": "### #.# ### #.# ###",
  "9": "### #.# ### ..# ###",
  "+": "... .#. ### .#. ...",
  "-": "... ... ### ... ...",
  "*": "#.# .#. ### .#. #.#",
  "/": "..# ..# .#. #.. #..",
  x: "... #.# .#. #.# ...",
};

/** Pixels of a glyph; width and height of every glyph, and the distance from one glyph to the next. */
export const glyph = { width: 3, height: 5, pitch: 4 } as const;

/** Width of a text in pixels: `4 n − 1` for n characters. */
export const textWidth = (text: string): number => text.length * glyph.pitch - 1;

/** The inked pixels of a text as `[x, y]` offsets from its upper left corner. Fails: on a character without glyph. */
export function textPixels(text: string): ReadonlyArray<readonly [x: number, y: number]> {
  return [...text].flatMap((character, index) => {
    const bitmap = rows[character];
    if (bitmap === undefined)
      throw new RangeError(`the bitmap font has no glyph for "${character}"`);
    return bitmap
      .split(" ")
      .flatMap((row, y) =>
        [...row].flatMap((pixel, x) =>
          pixel === "#" ? [[index * glyph.pitch + x, y] as const] : [],
        ),
      );
  });
}
