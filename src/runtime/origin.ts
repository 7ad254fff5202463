/** In which files something was written, read from the call stack. Serves the runtime layer. */
import { sep } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The files whose code is running, from the caller of `callee` outwards to the one that Node loads;
 * installed packages are left out.
 */
export function writtenIn(
  callee: (...parameters: ReadonlyArray<never>) => unknown,
): ReadonlyArray<string> {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const holder: { stack?: unknown } = {};
  try {
    Error.stackTraceLimit = 30;
    Error.prepareStackTrace = (_error, sites) => sites.map((site) => site.getFileName() ?? "");
    Error.captureStackTrace(holder, callee);
    return ownFiles(holder.stack as ReadonlyArray<string>);
  } finally {
    Object.assign(Error, { prepareStackTrace, stackTraceLimit });
  }
}

function ownFiles(frames: ReadonlyArray<string>): ReadonlyArray<string> {
  const loader = frames.findIndex((name) => name.startsWith("node:"));
  const names = loader === -1 ? frames : frames.slice(0, loader);
  const paths = names.map((name) =>
    name.startsWith("file:") ? fileURLToPath(name.split("?")[0]!) : name,
  );
  const own = paths.filter((path) => path !== "" && !path.includes(`${sep}node_modules${sep}`));
  return [...new Set(own)];
}
