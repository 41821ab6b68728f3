// @vitest-environment node
import { describe, expect, it, vi } from "vitest";
import { createScope } from "../../src/shared/scope";
import { fakeModel } from "../fake";

describe("scope", () => {
  it.each(["the host", "the view"])("undoes everything once when %s ends it", (who) => {
    const host = new AbortController();
    const { model, listeners, receive } = fakeModel({ a: 1, b: 2 });
    const [heard, undone] = [vi.fn(), vi.fn()];
    const scope = createScope(host.signal);
    scope.listen(model, ["a", "b"], heard);
    scope.defer(undone);
    receive({ a: 3 });
    expect([heard.mock.calls.length, listeners()]).toEqual([1, 2]);
    if (who === "the host") host.abort();
    scope.end();
    receive({ a: 4 });
    expect([heard.mock.calls.length, listeners(), undone.mock.calls.length]).toEqual([1, 0, 1]);
  });

  it("needs no host", () => {
    const scope = createScope();
    expect(scope.signal.aborted).toBe(false);
    scope.end();
    expect(scope.signal.aborted).toBe(true);
  });

  it("is over where the host had ended before", () => {
    expect(createScope(AbortSignal.abort()).signal.aborted).toBe(true);
  });
});
