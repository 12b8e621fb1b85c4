// Letters: written and seen first, printed, recorded as posted with the proof of it.

import assert from "node:assert/strict";
import { axe } from "../harness.mjs";
import { journey } from "../journey.mjs";

const role = "attendance manager";

journey("a letter that waits is printed, posted and kept", { role }, async ({ page, school }) => {
  // The program puts a letter to those that wait within seconds of its being written.
  const waits = page.locator("input[name='letter']").first();
  for (const end = Date.now() + 60_000; Date.now() < end && !(await waits.isVisible());) {
    await page.goto(`${school.address}/messages/letters`);
    await page.waitForTimeout(500);
  }
  assert.ok(await waits.isVisible(), "a letter waits");
  await axe(page);
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: /^Print \d+/ }).press("Enter");
  assert.match((await download).suggestedFilename(), /letters-to-post-.*\.pdf$/);
  await page.getByLabel("Proof").fill("CP 4711");
  await page.getByRole("button", { name: "Record as posted" }).press("Enter");
  await page.waitForURL(/posted=\d+/);
  await axe(page);
  assert.match(await page.locator("main").innerText(), /CP 4711/);
  assert.equal(await page.locator("input[name='letter']").count(), 0);
});

journey("a letter is written about a pupil and seen before it goes", { role }, async ({ page, school }) => {
  await page.goto(`${school.address}/pupils`);
  await page.locator("main table tbody th a").first().press("Enter");
  await page.waitForURL(/\/pupils\/\d+/);
  await page.goto(`${page.url().split("?")[0]}/contacts`);
  await page.getByRole("link", { name: "Write a letter" }).press("Enter");
  await page.waitForURL(/letters\/new/);
  await axe(page);
  await page.locator("input[name='to']").first().check();
  await page.getByLabel("Subject").fill("A word about the trip");
  await page.getByLabel("Words").fill("The bus leaves at eight.");
  await page.getByRole("button", { name: "See it first" }).press("Enter");
  await page.getByRole("button", { name: /with the letters to go/ }).waitFor();
  await axe(page);
  assert.match(await page.locator("main").innerText(), /Dear /);
  await page.getByRole("button", { name: /with the letters to go/ }).press("Enter");
  await page.waitForURL(/did=written/);
});
