/** The house rules that a compiler does not know: who may import whom, and what files are called. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { Project, SyntaxKind } from "ts-morph";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "..");

/** Layers each layer may import besides itself; `tfjs` and `effect` stand for the packages. */
const allowed: Readonly<Record<string, ReadonlyArray<string>>> = {
  core: ["effect"],
  dsl: ["core", "effect"],
  tensor: ["core", "tfjs", "effect"],
  rl: ["core", "tensor", "effect"],
  rewards: ["core", "effect"],
  data: ["core", "effect"],
  evals: ["core", "data", "effect"],
  models: ["core", "tensor", "tfjs", "effect"],
  runtime: ["core", "dsl", "effect"],
  report: ["core", "dsl", "runtime", "effect"],
  stages: ["core", "dsl", "tensor", "rl", "rewards", "data", "models", "runtime", "tfjs", "effect"],
};

/** Packages other than effect and tfjs, and the one layer that may bring each in. */
const packages: Readonly<Record<string, string>> = {
  "pure-rand": "core",
  "fraction.js": "rewards",
  sharp: "models",
  hyparquet: "data",
  "hyparquet-compressors": "data",
  "@huggingface/hub": "cli",
  "@huggingface/jinja": "models",
  "@huggingface/tokenizers": "models",
  listr2: "cli",
  "@observablehq/plot": "report",
  linkedom: "report",
  "@bufbuild/protobuf": "report",
  "ts-morph": "cli",
};

interface Import {
  readonly file: string;
  readonly target: string;
}

function sources(folder: string): ReadonlyArray<string> {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(ts|mts|mjs)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}

const project = new Project({
  skipAddingFilesFromTsConfig: true,
  compilerOptions: { allowJs: true },
});

function importsOf(file: string): ReadonlyArray<Import> {
  const source = project.addSourceFileAtPath(join(root, file));
  const declared = [...source.getImportDeclarations(), ...source.getExportDeclarations()].flatMap(
    (declaration) => declaration.getModuleSpecifierValue() ?? [],
  );
  const dynamic = source
    .getDescendantsOfKind(SyntaxKind.CallExpression)
    .filter((call) => call.getExpression().getKind() === SyntaxKind.ImportKeyword)
    .flatMap((call) => call.getArguments()[0]?.asKind(SyntaxKind.StringLiteral) ?? [])
    .map((literal) => literal.getLiteralValue());
  return [...declared, ...dynamic].map((target) => ({ file, target }));
}

/** The layer a specifier belongs to; undefined for packages that any layer may use. */
function layerOf({ file, target }: Import): string | undefined {
  if (target.startsWith(".")) {
    const path = relative(root, resolve(root, dirname(file), target)).split("/");
    return path[0] === "src" ? (path.length > 2 ? path[1] : "index") : path[0];
  }
  if (target.startsWith("@tensorflow/")) return "tfjs";
  return /^(effect|@effect\/[^/]+)(\/|$)/.test(target) ? "effect" : undefined;
}

describe("imports", () => {
  const files = sources("src");
  const imports = files.flatMap(importsOf);

  it("are seen at all, of every layer", () => {
    const layers = new Set(files.map((file) => file.split("/")[1]));
    expect([...Object.keys(allowed), "cli"].filter((layer) => !layers.has(layer))).toEqual([]);
    expect(imports.length).toBeGreaterThan(files.length);
    expect(importsOf("src/cli/prepare.ts").map(({ target }) => target)).toEqual(
      expect.arrayContaining(["node:path", "../dsl/pipeline.ts", "../stages/index.ts"]),
    );
  });

  it("follow the table of layers", () => {
    const wrong = imports.filter((one) => {
      const own = one.file.split("/").length > 2 ? one.file.split("/")[1]! : "index";
      const target = layerOf(one);
      if (target === undefined || target === own || own === "index" || own === "cli") return false;
      return !allowed[own]?.includes(target);
    });
    expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
  });

  it("take effect and its platform file by file, never as a barrel", () => {
    const barrels = imports.filter(({ target }) => /^(effect|@effect\/[^/]+)$/.test(target));
    expect(barrels.map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
  });

  it("bring other packages into the one layer that wraps them", () => {
    const foreign = imports.filter((one) => !/^(\.|node:)/.test(one.target) && !layerOf(one));
    expect(foreign.length).toBeGreaterThanOrEqual(Object.keys(packages).length);
    const wrong = foreign.filter(({ file, target }) => {
      const [name] = /^(@[^/]+\/)?[^/]+/.exec(target) ?? [];
      return packages[name!] !== file.split("/")[1];
    });
    expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
  });

  it("of pipelines come from the package, or from a file beside them", () => {
    const pipelines = sources("pipelines");
    expect(pipelines.length).toBeGreaterThan(0);
    const foreign = pipelines
      .flatMap(importsOf)
      .filter(({ target }) => !/^(rcpa$|node:|\.\/)/.test(target));
    expect(foreign.map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
  });
});

describe("files", () => {
  const files = [...sources("src"), ...sources("pipelines")];

  it("are named for what they hold, in kebab-case", () => {
    const vague = files.filter((file) => /(^|\/)(utils?|common|helpers?|types)(\/|\.)/.test(file));
    expect(vague).toEqual([]);
    const odd = files.filter((file) => !/^[a-z0-9/_-]+(\.d)?\.(ts|mts|mjs)$/.test(file));
    expect(odd).toEqual([]);
  });

  it("say in one sentence at the top what they are", () => {
    const silent = sources("src").filter((file) => {
      const text = readFileSync(join(root, file), "utf8").replace(/^#!.*\n/, "");
      return !/^(\/\*\*|\/\/ )/.test(text);
    });
    expect(silent).toEqual([]);
  });

  it("stay within 300 lines", () => {
    const long = sources("src")
      .map((file) => [file, readFileSync(join(root, file), "utf8").split("\n").length - 1] as const)
      .filter(([, lines]) => lines > 300);
    expect(long).toEqual([]);
  });
});

describe.skipIf(!existsSync(join(root, ".git")))("tracked files", () => {
  const tracked = () =>
    execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" })
      .split("\0")
      .filter((file) => file !== "" && existsSync(join(root, file)))
      .filter((file) => !/\.(png|safetensors)$/.test(file));

  const holding = (pattern: RegExp) =>
    tracked().filter((file) => pattern.test(readFileSync(join(root, file), "utf8")));

  it("are seen at all", () => {
    expect(tracked()).toEqual(expect.arrayContaining(["package.json", "src/index.ts"]));
    expect(holding(/"name": "rcpa"/)).toContain("package.json");
  });

  it("hold no path of one machine", () => {
    const folders = ["work", "root", "home", "Users", "tmp"].join("|");
    expect(holding(new RegExp(`(^|["'\`\\s(=:])/(${folders})/\\w`, "m"))).toEqual([]);
  });

  it("hold no name of a package registry's host", () => {
    const hosts = ["npmjs", "pypi", "pythonhosted", "yarnpkg"].join("|");
    expect(holding(new RegExp(`\\b(${hosts})\\.(org|com)\\b`))).toEqual([]);
  });
});

describe("tests", () => {
  it("mirror the files they test", () => {
    const folders = readdirSync(join(root, "test"));
    const mirrored = [...Object.keys(allowed), "cli"].filter((layer) => folders.includes(layer));
    expect(mirrored.length).toBeGreaterThan(5);
    const orphans = mirrored.flatMap((layer) => {
      const tested = new Set(sources(`src/${layer}`).map((file) => file.replace(/\.\w+$/, "")));
      return sources(`test/${layer}`)
        .filter((file) => file.endsWith(".test.ts"))
        .filter((file) => !tested.has(file.replace(/^test/, "src").replace(/\.test\.ts$/, "")));
    });
    expect(orphans).toEqual([]);
  });
});
