// E-mails to staff: one key asks for every register that is not in, leaders have the measures, tutors and heads the weekly report.

import assert from "node:assert/strict";
import { axe } from "../harness.mjs";
import { journey } from "../journey.mjs";

const role = "attendance manager";

journey("one key asks for every register that is not in, and what became of each e-mail stands beside them", { role }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}/morning`);
  await page.locator("form[action='/morning/remind'] button[data-key]").waitFor();
  keys.reset();
  await keys.press("r");
  const told = page.locator("a[href='/messages/staff']", { hasText: /E-mail to \d+: / });
  await told.first().waitFor();
  assert.equal(keys.count, 1);
  await told.first().click();
  await page.waitForURL(/\/messages\/staff/);
  await axe(page);
  const words = await page.locator("main").innerText();
  assert.match(words, /Registers? not in: /);
  await page.locator("td", { hasText: "delivered" }).first().waitFor({ timeout: 30_000 }).catch(async () => {
    await page.reload();
    assert.match(await page.locator("main").innerText(), /delivered|handed over|queued/);
  });
});

journey("the weekly report goes to tutors and heads by one button, and once a day", { role }, async ({ page, school }) => {
  await page.goto(`${school.address}/unexplained/week`);
  await axe(page);
  await page.getByRole("button", { name: /E-mail it to tutors and heads now/ }).press("Enter");
  await page.waitForURL(/did=week/);
  assert.match(await page.locator("main").innerText(), /The weekly report is on its way to \d+/);
  await axe(page);
  await page.goto(`${school.address}/unexplained/week`);
  assert.match(await page.locator("main").innerText(), /Sent on 24 November 2026\. E-mail to \d+/);
  await page.getByRole("button", { name: /E-mail it to tutors and heads now/ }).press("Enter");
  await page.waitForURL(/sent=0/);
  assert.match(await page.locator("main").innerText(), /Nothing was sent/);
});

journey("the morning is signed off and leaders have an e-mail without a name in it", { role }, async ({ page, school }) => {
  await page.goto(`${school.address}/morning/sign-off`);
  await page.getByRole("button", { name: "Sign off the morning" }).press("Enter");
  await page.waitForURL(/did=signed/);
  assert.match(await page.locator("main").innerText(), /e-mails? (is|are) on (its|their) way/);
  await page.goto(`${school.address}/messages/staff`);
  await page.locator("summary", { hasText: "is signed off" }).first().press("Enter");
  assert.match(await page.locator("main").innerText(), /Children not located at 10:00/);
});

journey("somebody who looks after the settings says what is sent to staff", { role: "system administrator" }, async ({ page, school }) => {
  await page.goto(`${school.address}/messages/staff/rules`);
  await axe(page);
  await page.getByLabel(/Where staff reach Rollbook/).fill("https://rollbook.school.example");
  await page.getByRole("button", { name: "Save" }).press("Enter");
  await page.waitForURL(/did=rules/);
});
