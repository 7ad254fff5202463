/** Keeps two installs from working in one folder at the same time; a lock whose owner is gone is taken over. */
import fs from "node:fs";
import path from "node:path";
import { InstallFailed } from "./command.mjs";

/** Runs `work` while holding the lock folder. Fails: InstallFailed when another install holds it past the limit. */
export async function withLock(folder, work, { seconds = 900 } = {}) {
  const deadline = Date.now() + seconds * 1000;
  fs.mkdirSync(path.dirname(folder), { recursive: true });
  while (!take(folder)) {
    if (Date.now() > deadline) throw new InstallFailed(`another install holds ${folder}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  try {
    return await work();
  } finally {
    release(folder);
  }
}

/** The owner is written before the folder gets its name, so a lock never exists without one. */
function take(folder) {
  const mine = `${folder}.${process.pid}`;
  fs.rmSync(mine, { recursive: true, force: true });
  fs.mkdirSync(mine);
  fs.writeFileSync(path.join(mine, "pid"), String(process.pid));
  try {
    fs.renameSync(mine, folder);
    return true;
  } catch {
    fs.rmSync(mine, { recursive: true, force: true });
    if (isStale(folder)) setAside(folder);
    return false;
  }
}

function isStale(folder) {
  try {
    const pid = Number(fs.readFileSync(path.join(folder, "pid"), "utf8"));
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

/** A lock leaves its name whole, then is removed: a lock half removed could be taken for an empty one. */
function release(folder) {
  const aside = `${folder}.gone.${process.pid}`;
  fs.renameSync(folder, aside);
  fs.rmSync(aside, { recursive: true, force: true });
}

/** Of two that find the same stale lock one may move the other's new lock, so what was moved is looked at again. */
function setAside(folder) {
  const aside = `${folder}.stale.${process.pid}`;
  try {
    fs.renameSync(folder, aside);
    if (isStale(aside)) fs.rmSync(aside, { recursive: true, force: true });
    else fs.renameSync(aside, folder);
  } catch {}
}
