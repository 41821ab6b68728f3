import { beforeEach, describe, expect, it, vi } from "vitest";
import { createScope } from "../../src/shared/scope";
import { createSlider } from "../../src/shared/slider";

const moved = vi.fn();
const released = vi.fn();
let slider: ReturnType<typeof createSlider>;
let input: HTMLInputElement;

const move = (value: number) => {
  input.value = String(value);
  input.dispatchEvent(new Event("input"));
};

beforeEach(() => {
  vi.clearAllMocks();
  slider = createSlider(createScope(), "most important", "", moved, released);
  input = slider.element.querySelector("input")!;
  slider.update(3, 10, "3 of 10", false);
});

describe("slider", () => {
  it("says where a movement begins and ends", () => {
    move(4);
    move(5);
    input.dispatchEvent(new Event("change"));
    move(6);
    expect(moved.mock.calls).toEqual([
      [4, true],
      [5, false],
      [6, true],
    ]);
    expect(released).toHaveBeenCalledTimes(1);
  });

  it("ends a movement that came back to where it began", () => {
    move(4);
    move(3);
    input.dispatchEvent(new Event("pointerup"));
    input.dispatchEvent(new Event("blur"));
    expect(released).toHaveBeenCalledTimes(1);
  });

  it("does not pull away from the hand that moves it", () => {
    move(7);
    slider.update(2, 10, "2 of 10", false);
    expect(input.value).toBe("7");
    input.dispatchEvent(new Event("change"));
    slider.update(2, 10, "2 of 10", false);
    expect(input.value).toBe("2");
    expect(input.getAttribute("aria-valuetext")).toBe("2 of 10");
  });

  it("lets go when it is taken away", () => {
    move(7);
    slider.update(0, 10, "", true);
    expect(released).toHaveBeenCalledTimes(1);
    expect(input.disabled).toBe(true);
  });

  it("marks a value on its track, where there is one", () => {
    const mark = slider.element.querySelector<HTMLElement>(".cfw-slider-mark")!;
    expect(mark.hidden).toBe(true);
    slider.update(3, 10, "", false, 4);
    expect([mark.hidden, mark.style.getPropertyValue("--c-at")]).toEqual([false, "0.4"]);
    slider.update(3, 10, "", false, 0);
    expect(mark.hidden).toBe(false);
    slider.update(3, 10, "", false, null);
    expect(mark.hidden).toBe(true);
  });
});
