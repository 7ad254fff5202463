/** Checks and unpacks what was downloaded. Serves the installer. */
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { gunzipSync } from "node:zlib";
import { InstallFailed } from "./command.mjs";

/** The SHA-256 of a file, in hex. */
export async function sha256(file) {
  const hash = createHash("sha256");
  await pipeline(fs.createReadStream(file), hash);
  return hash.digest("hex");
}

/** Removes the file and fails with InstallFailed when its SHA-256 is not the expected one. */
export async function checkSha256(file, expected) {
  const actual = await sha256(file);
  if (actual === expected) return;
  fs.rmSync(file, { force: true });
  const name = path.basename(file);
  throw new InstallFailed(`${name} is not the pinned file: sha256 ${actual}, expected ${expected}`);
}

/** Unpacks an npm tarball, less its top folder, after checking it against an npm integrity string. */
export function unpackTarball(file, integrity, into) {
  const bytes = fs.readFileSync(file);
  const actual = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
  if (actual !== integrity) {
    fs.rmSync(file, { force: true });
    const name = path.basename(file);
    throw new InstallFailed(`${name} is not the pinned file: ${actual}, expected ${integrity}`);
  }
  for (const entry of tarFiles(gunzipSync(bytes))) {
    const relative = entry.name.split("/").slice(1).join("/");
    if (relative === "" || relative.split("/").includes("..")) continue;
    const target = path.join(into, relative);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, entry.content);
  }
}

/** The regular files of a tar archive (ustar, with pax paths), in order. */
function* tarFiles(tar) {
  let longName;
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const field = (from, length) =>
      tar.toString("utf8", at + from, at + from + length).replace(/\0.*$/s, "");
    const size = Number.parseInt(field(124, 12), 8);
    const type = field(156, 1);
    const content = tar.subarray(at + 512, at + 512 + size);
    const prefix = field(345, 155);
    const name = longName ?? (prefix ? `${prefix}/${field(0, 100)}` : field(0, 100));
    longName = type === "x" ? /^\d+ path=(.*)$/m.exec(content.toString("utf8"))?.[1] : undefined;
    if (type === "0" || type === "") yield { name, content };
    at += 512 + Math.ceil(size / 512) * 512;
  }
}

/** Python that takes the two libraries and the C headers out of a wheel of 13,000 files. */
export const wheelExtractor = `
import os, re, shutil, sys, zipfile
wheel, into = sys.argv[1:]
headers = re.compile(r"tensorflow/include/(tensorflow/c/|(tensorflow/core|tsl|xla/tsl)/platform/ctstring|xla/tsl/c/).*\\.h$")
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if headers.match(name):
            target = os.path.join(into, "include", name[len("tensorflow/include/"):])
        elif re.match(r"tensorflow/libtensorflow_(cc|framework)\\.so\\.2$", name):
            target = os.path.join(into, "lib", os.path.basename(name))
        else:
            continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with archive.open(name) as source, open(target, "wb") as out:
            shutil.copyfileobj(source, out, 1 << 20)
`;
