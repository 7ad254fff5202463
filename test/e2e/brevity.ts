/** A reward of a user's own in a file of its own. */
import { reward } from "rcpa";

export const brevity = reward(({ continuations }) =>
  continuations.map((text) => 1 / (1 + text.split(" ").length)),
);
