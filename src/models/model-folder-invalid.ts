/** The one error of reading a Hugging Face model folder: which file, which field, what is wrong. Models layer. */
import * as Schema from "effect/Schema";

/** A file of a model folder is missing, unreadable, or does not fit the rest; `message` says all of it. */
export class ModelFolderInvalid extends Schema.TaggedError<ModelFolderInvalid>()(
  "ModelFolderInvalid",
  { path: Schema.String, field: Schema.String, message: Schema.String },
) {}

/** Builds the error with a message that always starts with the file, then the field if there is one. */
export function folderInvalid(path: string, field: string, problem: string): ModelFolderInvalid {
  const where = field === "" ? path : `${path}: ${field}`;
  return new ModelFolderInvalid({ path, field, message: `${where}: ${problem}` });
}
