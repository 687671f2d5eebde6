// Why a recording cannot be read, as a sentence for people. What the sentence stands in is the command's.
import { messageOf } from "#base/errors.js";

export function reasonOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "EACCES") return "the recording belongs to the server's user; run this as root or as that user.";
  if (code === "ENOENT") return "there is no such recording. Start the cluster with `npx pg-fusion up` first.";
  return messageOf(error);
}
