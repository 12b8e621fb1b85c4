// A teacher covers one lesson: the office sets it, and the teacher finds it, takes it, and sees no other register of the class.

import assert from "node:assert/strict";
import { axe } from "../harness.mjs";
import { journey } from "../journey.mjs";
import { blanks, saved } from "../register.mjs";

async function signInAs(page, school, account) {
  await page.context().clearCookies();
  await page.goto(`${school.address}/sign-in`);
  await page.getByLabel("Sign-in name").fill(account.name);
  await page.getByLabel("Password").fill(account.password);
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
}

journey("a cover teacher takes the one lesson that they cover", { role: "attendance manager" }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}/lessons?show=all`);
  await axe(page);
  const first = page.locator('main tbody a[href^="/lessons/"]').first();
  assert.equal(await first.innerText(), "P1");
  const lesson = await first.getAttribute("href");
  await page.goto(`${school.address}${lesson}/cover`);
  await axe(page);
  const free = page.locator("select[name=staff] option").filter({ hasText: /, free$/ });
  const labels = await free.allInnerTexts();
  const surnameOf = (label) => label.replace(/, free$/, "").split(" ").at(-1).toLowerCase();
  const accountOf = (label) => school.accounts.find((one) => one.role === "teacher" && one.name.toLowerCase().includes(surnameOf(label)));
  const label = labels.find((one) => accountOf(one));
  assert.ok(label, `somebody is free: ${labels.join("; ")}`);
  await page.locator("select[name=staff]").selectOption({ label });
  await page.getByRole("button", { name: "Set the cover" }).click();
  await page.waitForURL(/\/cover\?/);
  await page.getByText("P1 only").waitFor();
  await axe(page);

  await signInAs(page, school, accountOf(label));
  await page.goto(`${school.address}/registers`);
  await axe(page);
  const covered = page.locator("main tr").filter({ hasText: "covering for" });
  assert.equal(await covered.count(), 1);
  await covered.getByRole("link", { name: "P1" }).click();
  await page.locator("table[role=grid]").waitFor();
  assert.equal(new URL(page.url()).pathname, lesson);
  await axe(page);
  assert.ok((await blanks(page)) > 3, "a class to mark");
  await keys.type("A");
  await saved(page);
  assert.equal(await blanks(page), 0);
  await page.goto(`${school.address}/registers`);
  await page.locator("main tr").filter({ hasText: "covering for" }).getByText(/^taken /).waitFor();
  const [, , group, day] = lesson.split("/");
  const closed = await page.request.get(`${school.address}/registers/${group}/${day}/am`);
  assert.equal(closed.status(), 404, "the class's session register is not theirs");
});
