// A worry on a call goes to the safeguarding lead: the office hands it over and cannot settle the child, the lead takes it and decides, the child is the
// office's again. Nobody else sees a word.

import assert from "node:assert/strict";
import { axe, openPage, signIn, views } from "../harness.mjs";
import { journey } from "../journey.mjs";

const worry = "A stranger answered the mother's number";

journey("the lead takes and decides on what worried the office on a call, by keyboard", { role: "attendance manager" }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}/morning`);
  await page.locator("tr[data-row]").first().waitFor();
  const free = page.locator("tr[data-row]").filter({ hasText: "no call yet" }).filter({ hasNotText: "until" }).first();
  const name = (await free.locator("th a").innerText()).trim();
  await free.locator("th a").focus();
  await keys.press("Enter");
  await page.locator("[data-part=row] h2", { hasText: name.split(",")[0] }).waitFor();
  await page.locator("input[name=outcome][value=no_answer]").check();
  await page.locator("summary", { hasText: "More:" }).click();
  await page.locator("textarea[name=worry]").fill(worry);
  await axe(page);
  await page.locator("[data-outcome] button", { hasText: "Save and next" }).focus();
  await keys.press("Enter");
  const row = page.locator("tr[data-row]", { hasText: name });
  await row.filter({ hasText: "with the safeguarding lead" }).waitFor();
  assert.ok(!(await page.locator("body").innerText()).includes(worry), "the board says with whom, and not why");

  const lead = await openPage(page.context().browser(), views.light);
  await signIn(lead, school, "designated safeguarding lead");
  const press = async (key) => {
    await lead.waitForLoadState();
    await lead.keyboard.press(key);
  };
  await lead.goto(`${school.address}/concerns`);
  await axe(lead);
  const line = lead.locator("tbody tr", { hasText: name }).filter({ hasText: "to be taken by" });
  await line.locator("th a").focus();
  await press("Enter");
  await lead.locator("blockquote", { hasText: worry }).waitFor();
  await axe(lead);
  await press("a");
  await lead.locator(".notice", { hasText: "You have taken it" }).waitFor();
  await press("d");
  await lead.locator("h1", { hasText: "Decide on a concern" }).waitFor();
  await axe(lead);
  await lead.locator("input[name=decision][value=hand_back]").focus();
  await press(" ");
  await lead.locator("#why").fill("Rang the mother's work: she is at the dentist with the child");
  await lead.locator("#next").fill("The office settles it and asks for the new number");
  await lead.locator("#due").fill("2026-11-25");
  await lead.locator("form button", { hasText: "Keep the decision" }).focus();
  await press("Enter");
  await lead.locator(".notice", { hasText: "The decision is kept" }).waitFor();
  await axe(lead);
  assert.deepEqual(lead.complaints, [], "the browser complained");
  await lead.context().close();

  await page.goto(`${school.address}/morning`);
  await row.filter({ hasText: "being called" }).waitFor();
  await page.goto(`${school.address}/concerns`);
  await page.locator("li", { hasText: name }).filter({ hasText: "taken by" }).waitFor();
});

journey("a teacher raises a concern and keeps sight of it, on a telephone", { role: "teacher", view: views.phone }, async ({ page, school }) => {
  await page.goto(`${school.address}/`);
  await page.locator("a", { hasText: "Raise a concern about a child" }).click();
  await page.locator("main input[name=q]").fill("a");
  await page.locator("form.filter button").click();
  await axe(page);
  const pupil = page.locator("tbody th a").first();
  const name = (await pupil.innerText()).trim();
  await pupil.click();
  await axe(page);
  await page.locator("#facts").fill("Fell asleep in two lessons and says there was no bed last night");
  await page.locator("form button", { hasText: "Hand it over" }).click();
  await page.locator(".notice", { hasText: "It is handed over" }).waitFor();
  await axe(page);
  await page.locator("main li a", { hasText: name }).first().click();
  await page.locator("blockquote", { hasText: "Fell asleep" }).waitFor();
  await axe(page);
});

for (const view of ["dark", "phone"]) {
  journey(`the concerns and one of them are sound in ${view}`, { role: "designated safeguarding lead", view: views[view] }, async ({ page, school }) => {
    await page.goto(`${school.address}/concerns`);
    await axe(page);
    await page.locator("tbody th a").first().click();
    await page.locator("h1", { hasText: "Concern:" }).waitFor();
    await axe(page);
    await page.goto(`${school.address}/concerns?which=closed`);
    await axe(page);
  });
}
