/**
 * The script of an exported page: brings back the widgets of one explorer, or of several, from the state in the page, and
 * lets the network in the page answer where one travels with it. It fetches nothing.
 */
import { createBreath, pause } from "./breath";
import { followCases } from "./cases";
import { tellFault } from "./fault";
import { createManager } from "./manager";
import { openNetworks } from "./network";
import { readPage } from "./state";
import { followScheme } from "./theme";

async function open(): Promise<void> {
  const breath = createBreath();
  await pause();
  const page = readPage();
  const manager = createManager(page, openNetworks(page), breath);
  // For the console, and for tests.
  Object.assign(globalThis, { cfwidgetsManager: manager });
  await manager.set_state(page.state);
  for (const place of document.querySelectorAll<HTMLElement>("main > [data-widget]"))
    await manager.show(place.dataset.widget!, place);
  await followCases(manager);
  document.documentElement.dataset.opened = "1";
}

followScheme();
open().catch((error) => tellFault(error));
