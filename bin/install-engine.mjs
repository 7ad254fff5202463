/**
 * npm's postinstall: puts native TensorFlow into the user's cache. It never fails the install: without it the
 * engines wasm and cpu remain, and the engine says what is missing. RCPA_ENGINE_INSTALL=skip leaves it out.
 */
import { installEngine } from "../src/tensor/install/install.mjs";

const say = (line) => console.log(`rcpa engine: ${line}`);

if (process.env.RCPA_ENGINE_INSTALL === "skip") {
  say("skipped (RCPA_ENGINE_INSTALL=skip); `npx rcpa engine install` fetches it");
} else {
  try {
    const { ok, message } = await installEngine(say);
    say(
      ok
        ? message
        : `${message}. The slower engine wasm will serve; retry: npx rcpa engine install`,
    );
  } catch (error) {
    say(`unexpected: ${error.stack}. The slower engine wasm will serve`);
  }
}
