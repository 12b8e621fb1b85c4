// One journey through the product: a test in which somebody of a role does a task in a browser.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Keys, launchBrowser, openPage, screenshot, signIn, startSchool, views } from "./harness.mjs";

let shared;

/** The school and the browser that the journeys of one file share: started by the first, stopped after the last. */
function stage() {
  shared ??= (async () => {
    const school = await startSchool();
    try {
      return { school, browser: await launchBrowser() };
    } catch (error) {
      await school.stop();
      throw error;
    }
  })();
  return shared;
}

after(async () => {
  const started = await shared?.catch(() => null);
  await started?.browser.close();
  await started?.school.stop();
});

/**
 * A journey: `name` is a sentence, `role` who is signed in (none: nobody), `view` how they look at it.
 *
 * `tell({ page, keys, school })` does the task on a fresh page. Afterwards the browser must have complained of nothing: a script
 * error or a refused resource fails the journey. A journey that fails leaves a picture of where it stood.
 */
export function journey(name, { role, view = views.light }, tell) {
  test(name, { timeout: 900_000 }, async (run) => {
    const { school, browser } = await stage();
    const page = await openPage(browser, view);
    try {
      if (role) await signIn(page, school, role);
      await tell({ page, keys: new Keys(page), school });
      assert.deepEqual(page.complaints, [], "the browser complained");
    } catch (error) {
      const picture = await screenshot(page, `failed-${name}`).catch(() => null);
      if (picture) run.diagnostic(`where it stood: ${picture}`);
      throw error;
    } finally {
      await page.context().close();
    }
  });
}
