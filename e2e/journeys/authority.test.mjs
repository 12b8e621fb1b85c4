// What the authority is told of each day, and medical evidence that is asked for: entered, shown first, reviewed. By keyboard.

import assert from "node:assert/strict";
import { axe, views } from "../harness.mjs";
import { journey } from "../journey.mjs";

const role = "attendance manager";

journey("a legal target is entered at the pupil and stands first on the board with the session's mark", { role }, async ({ page, school }) => {
  await page.goto(`${school.address}/ten-day-watch`);
  await page.locator("h1", { hasText: "Ten-day watch" }).waitFor();
  await axe(page);
  await page.goto(`${school.address}/legal-targets`);
  await page.locator("main tbody tr", { hasText: "in proceedings" }).waitFor();
  await axe(page);
  const first = page.locator("main tbody tr", { hasText: "in proceedings" });
  const name = (await first.locator("th a").innerText()).trim();
  await first.locator("th a").press("Enter");
  await page.getByRole("link", { name: "Enter a legal target" }).press("Enter");
  await axe(page);
  await page.getByLabel("attendance target").check();
  await page.getByLabel("Who at the authority").fill("Attendance team, SAMPLE/99");
  await page.keyboard.press("Enter");
  await page.locator(".notice", { hasText: "stands first on the morning board" }).waitFor();
  await axe(page);
  await page.goto(`${school.address}/morning`);
  const told = page.locator("[data-part=list] li", { hasText: name });
  await told.getByText("in proceedings, attendance target").waitFor();
  await axe(page);
  const above = await page.locator("[data-part=list]").innerText();
  assert.ok(above.indexOf("Legal targets") < above.indexOf("Not located"), "first");
});

journey("evidence is asked for on a ground, reviewed and ended", { role }, async ({ page, school }) => {
  await page.goto(`${school.address}/morning`);
  await page.getByRole("link", { name: "Evidence asked for" }).press("Enter");
  await page.locator("main tbody tr", { hasText: "review due" }).waitFor();
  await axe(page);
  await page.locator("main tbody tr", { hasText: "review due" }).locator("th a").press("Enter");
  await axe(page);
  await page.getByRole("link", { name: "Review or end" }).press("Enter");
  await axe(page);
  await page.getByLabel("It ends today").check();
  await page.getByLabel("If it ends: why").fill("Six weeks without an absence");
  await page.keyboard.press("Enter");
  await page.locator(".notice", { hasText: "The review is recorded" }).waitFor();
  await page.locator("main", { hasText: "evidence" }).waitFor();
});

for (const view of ["dark", "phone"]) {
  journey(`what the authority is told and what evidence is asked for are sound in ${view}`, { role, view: views[view] }, async ({ page, school }) => {
    for (const path of ["/legal-targets", "/ten-day-watch", "/evidence/requests"]) {
      await page.goto(`${school.address}${path}`);
      await axe(page);
    }
  });
}
