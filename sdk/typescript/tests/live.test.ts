// Everything against one real Cooly, which is started once: that takes longer than all tests.
import { after, before, describe } from "node:test";
import { admins } from "./live/admins.js";
import { auditors } from "./live/auditors.js";
import { documents } from "./live/documents.js";
import { users } from "./live/users.js";
import { type RunningCooly, startCooly } from "./support/cooly.js";

describe("with a running Cooly", () => {
  let cooly: RunningCooly | undefined;
  const running = () => {
    if (!cooly) throw new Error("Cooly did not start.");
    return cooly;
  };

  before(async () => {
    cooly = await startCooly();
  });
  after(() => cooly?.stop());

  users(running);
  admins(running);
  auditors(running);
  documents(running);
});
