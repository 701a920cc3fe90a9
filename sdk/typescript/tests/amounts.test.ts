import assert from "node:assert/strict";
import { test } from "node:test";
import { addCredits, compareCredits, negateCredits } from "@cooly/sdk";

test("amounts are added exactly", () => {
  assert.equal(addCredits("0.1", "0.2"), "0.3");
  assert.equal(addCredits("999999999999.999999", "0.000001"), "1000000000000");
  assert.equal(addCredits("1", "-1.5"), "-0.5");
  assert.equal(addCredits("-0.5", "0.5"), "0");
  assert.equal(addCredits(), "0");
});

test("amounts are compared and negated as numbers", () => {
  assert.deepEqual(["10", "9", "-1.5", "9.5"].sort(compareCredits), ["-1.5", "9", "9.5", "10"]);
  assert.equal(compareCredits("1.50", "1.5"), 0);
  assert.equal(negateCredits("-4"), "4");
});

test("what is no amount is refused", () => {
  for (const text of ["", "1e3", "0.0000001", " 1", "NaN"]) assert.throws(() => addCredits(text), RangeError);
});
