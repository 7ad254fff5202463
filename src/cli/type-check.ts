/** The compiler's opinion of a pipeline file before it runs, remembered while nothing changes. CLI. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import { digest } from "../core/digest.ts";
import type { Issue } from "../dsl/issue.ts";
import { closureHash, localClosure } from "../runtime/code.ts";
import { PipelineInvalid } from "../runtime/errors.ts";

/** Where the package's own code lies, which its own checks look after. */
const packageDir = fileURLToPath(new URL("..", import.meta.url));

/** A user's file may lie outside any tsconfig, so everything the language needs is said here. */
const compilerOptions = [
  ...["--noEmit", "--ignoreConfig", "--strict", "--skipLibCheck", "--allowImportingTsExtensions"],
  ...["--module", "preserve", "--moduleResolution", "bundler"],
  ...["--target", "es2023", "--lib", "es2023", "--pretty", "false"],
  // Less work in all; the other cores are busy with the same pipeline meanwhile.
  "--singleThreaded",
];

/**
 * Type-checks `file` and the local files it imports (not the package's own code, hashed as `code`).
 *
 * A clean result is remembered in `cacheDir` under the hash of all that was checked.
 * Fails: `PipelineInvalid` with every diagnostic.
 */
export const typeCheck = Effect.fnUntraced(function* (
  file: string,
  code: string,
  cacheDir: string,
) {
  const mark = join(cacheDir, digest([closureHash(file), code, compilerOptions]).slice(0, 32));
  if (existsSync(mark)) return;
  const issues = readDiagnostics(yield* compile(file), file);
  if (issues.length > 0) return yield* new PipelineInvalid({ issues });
  // A store that cannot be written is reported by the run itself; here it only costs the memory.
  yield* Effect.ignore(
    Effect.try(() => {
      mkdirSync(cacheDir, { recursive: true });
      writeFileSync(mark, "");
    }),
  );
});

/** What `tsc` prints, with paths relative to the file's folder. */
function compile(file: string): Effect.Effect<string> {
  const require = createRequire(import.meta.url);
  const [program, ...first] = compiler(require);
  const args = [...first, ...compilerOptions, ...nodeTypes(require), resolve(file)];
  return Effect.callback((resume, signal) => {
    const options = { cwd: dirname(resolve(file)), signal, maxBuffer: 1 << 26 };
    execFile(program, args, options, (_error, stdout) => resume(Effect.succeed(stdout)));
  });
}

/** The native program itself where it is installed, for `bin/tsc` starts a second Node just to find it. */
function compiler(require: NodeJS.Require): readonly [string, ...ReadonlyArray<string>] {
  const launcher = require.resolve("typescript/package.json");
  try {
    const platform = `@typescript/typescript-${process.platform}-${process.arch}/package.json`;
    const folder = dirname(createRequire(launcher).resolve(platform));
    const name = process.platform === "win32" ? "tsc.exe" : "tsc";
    const native = join(folder, "lib", name);
    if (existsSync(native)) return [native];
  } catch {
    // Not installed under this name: the launcher knows better.
  }
  return [process.execPath, join(dirname(launcher), "bin", "tsc")];
}

/** The package's own copy of Node's types, when it is installed; the user's project may have none. */
function nodeTypes(require: NodeJS.Require): ReadonlyArray<string> {
  try {
    return ["--types", dirname(require.resolve("@types/node/package.json"))];
  } catch {
    return [];
  }
}

const diagnostic = /^(.+?)\((\d+),(\d+)\): error (TS\d+): (.*)$/;

/** Diagnostics in the user's own files, in order; indented lines below one belong to it. */
export function readDiagnostics(output: string, file: string): ReadonlyArray<Issue> {
  const own = new Set(localClosure(file).filter((path) => !path.startsWith(packageDir)));
  const blocks = output.split(/\n(?! )/);
  return blocks.flatMap((block): ReadonlyArray<Issue> => {
    const [first, ...rest] = block.trimEnd().split("\n");
    const match = diagnostic.exec(first!);
    if (match === null) return [];
    const [, name, line, column, code, text] = match;
    const path = resolve(dirname(resolve(file)), name!);
    if (!own.has(path)) return [];
    const at = { file: path, line: Number(line), column: Number(column) };
    return [{ code: "TypeError", path: "", message: [`${code}: ${text}`, ...rest].join("\n"), at }];
  });
}
