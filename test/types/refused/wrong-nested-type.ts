/** A nested option of the wrong type. */
import { grpo } from "rcpa";

export default grpo({
  sampling: { prompts: 8 },
  // TS2820: Type '"vison"' is not assignable to type '"projector" | "text" | "vision"'. Did you mean '"vision"'?
  optimizer: { freeze: ["vison"] },
});
