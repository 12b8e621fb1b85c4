// An administrator founds a school in the browser over TLS, adds staff, sets the times, guards the account, and sees no pupil.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";
import { axe, Keys, launchBrowser, openPage, screenshot, startEmptySchool, views } from "../harness.mjs";

const view = { ...views.light, ignoreHTTPSErrors: true };
const me = { name: "ada.bell", password: "copper kettle marble" };
let school, browser, page, keys;

before(async () => {
  school = await startEmptySchool();
  // The certificate is of the school's own authority, which this browser has not installed; its service worker asks for more than the page does.
  browser = await launchBrowser("--ignore-certificate-errors");
  page = await openPage(browser, view);
  keys = new Keys(page);
});

after(async () => {
  await browser?.close();
  await school?.stop();
});

/** One step of the administrator's day; each stands on the ones before, on the same device. */
function step(name, tell) {
  test(name, { timeout: 900_000 }, async (run) => {
    try {
      await tell();
      assert.deepEqual(page.complaints, [], "the browser complained");
    } catch (error) {
      const picture = await screenshot(page, `failed-${name}`).catch(() => null);
      if (picture) run.diagnostic(`where it stood: ${picture}`);
      throw error;
    }
  });
}

/** Goes to a field by Tab and types. */
async function write(label, text) {
  await keys.tabTo(page.locator("main").getByLabel(label).first(), 60);
  await keys.type(text);
}

async function press(name) {
  await keys.tabTo(page.locator("main").getByRole("button", { name }), 60);
  await keys.press("Enter");
  await page.waitForLoadState();
}

/** The six digits of an authenticator app (RFC 6238) for a key in base 32, so many steps of 30 s from now. */
function codeOfApp(key, steps = 0) {
  const bits = [...key.replace(/\s/g, "").toUpperCase()].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
  const secret = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const digest = createHmac("sha1", secret).update(counter).digest();
  const number = digest.readUInt32BE(digest.at(-1) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/** The day so many days from now, as a date field holds it. How one is typed is the browser's affair. */
const dayFromNow = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

async function signInAs(page, keys, { name, password }) {
  await page.goto(`${school.address}/sign-in`);
  await page.getByLabel("Sign-in name").focus();
  await keys.type(name);
  await keys.press("Tab");
  await keys.type(password);
  await keys.press("Enter");
  await page.waitForURL((url) => url.pathname !== "/sign-in");
}

step("the first person to open the browser is led to set the school up", async () => {
  await page.goto(school.address);
  assert.equal(new URL(page.url()).pathname, "/set-up");
  await axe(page);

  await write("Set-up code", "AAAA-BBBB-CCCC-DDDD");
  await press("Set up the school");
  await page.locator(".errors").waitFor();
  await axe(page);
  page.complaints = page.complaints.filter((complaint) => !/status of 4\d\d/.test(complaint));

  await page.goto(school.address);
  await write("Set-up code", school.code);
  await write("School name", "Rollbook Test Academy");
  await keys.tabTo(page.locator("input[name=mode]").first(), 20);
  await keys.press("ArrowDown", "ArrowDown");
  await write("First name", "Ada");
  await write("Surname", "Bell");
  await write("Job title", "Network manager");
  await write("Sign-in name", me.name);
  await keys.press("Tab");
  await keys.type(me.password);
  await write("Password again", me.password);
  await keys.press("Enter");
  await page.waitForURL((url) => url.pathname !== "/set-up");
  if (new URL(page.url()).pathname === "/sign-in") await signInAs(page, keys, me);
  assert.match(await page.locator("h1").innerText(), /Ada Bell/);
  await axe(page);
});

step("an administrator sees no pupil and no way to one", async () => {
  const ways = await page.locator(".bar nav a").allInnerTexts();
  for (const way of ["Pupils", "Registers", "Lists", "Figures"]) assert.ok(!ways.includes(way), way);
  for (const address of ["/pupils", "/registers", "/figures", "/lists/persistent", "/admission-register"]) {
    const answer = await page.request.get(`${school.address}${address}`);
    assert.ok([403, 404].includes(answer.status()), `${address} answers ${answer.status()}`);
  }
});

step("a member of staff is added with a role and a one-time password", async () => {
  await page.goto(`${school.address}/people/new`);
  await axe(page);
  await write("First name", "Tom");
  await write("Surname", "Carr");
  await write("Job title", "Teacher of history");
  await write("Sign-in name", "tom.carr");
  await keys.tabTo(page.getByLabel("Teacher", { exact: true }), 60);
  await keys.press("Space");
  await press("Add to the staff");
  const password = (await page.locator("dd code").innerText()).trim();
  await axe(page);

  const theirs = await openPage(browser, view);
  await signInAs(theirs, new Keys(theirs), { name: "tom.carr", password });
  assert.equal(new URL(theirs.url()).pathname, "/me", "the one-time password must be replaced first");
  await axe(theirs);
  await theirs.context().close();
});

step("session times are set from a day on, and more than 30 minutes are refused", async () => {
  await page.goto(`${school.address}/settings`);
  await axe(page);
  const form = page.locator("section").filter({ has: page.getByRole("heading", { name: "Session times" }) });
  await keys.tabTo(form.locator("summary").first(), 60);
  await keys.press("Enter");
  const closes = form.getByLabel("Morning register closes");
  const before = await closes.inputValue();
  await keys.tabTo(form.getByLabel("From", { exact: true }), 10);
  await form.getByLabel("From", { exact: true }).fill(dayFromNow(1));
  await keys.tabTo(closes, 20);
  await closes.fill("10:00");
  await keys.press("Enter");
  await page.locator(".errors").waitFor();
  assert.match(await page.locator(".errors").innerText(), /80 minutes; the limit is 30 \(R-022\)/);
  await axe(page);
  page.complaints = page.complaints.filter((complaint) => !/status of 4\d\d/.test(complaint));

  const again = page.getByLabel("Morning register closes");
  await again.focus();
  await again.fill(before);
  await keys.press("Enter");
  await page.getByText("The setting is saved.").waitFor();
});

step("half-terms and a closure are entered", async () => {
  await page.goto(`${school.address}/year`);
  await axe(page);
  const names = ["Autumn 1", "Autumn 2"];
  for (const [index, name] of names.entries()) {
    const line = page.locator("form[action='/year/terms'] tbody tr").nth(index);
    const [title, first, last] = [0, 1, 2].map((cell) => line.locator("input").nth(cell));
    await keys.tabTo(title, 60);
    await keys.press("Control+A");
    await keys.type(name);
    await keys.tabTo(first, 6);
    await first.fill(dayFromNow(index === 0 ? -80 : -20));
    await keys.tabTo(last, 6);
    await last.fill(dayFromNow(index === 0 ? -30 : 30));
  }
  await press("Save the half-terms");
  await page.locator(".notice.done, .notice").first().waitFor();

  // The next weekday after a week.
  const ahead = [6, 7, 8].find((days) => ![0, 6].includes(new Date(Date.now() + days * 86_400_000).getUTCDay()));
  await keys.tabTo(page.getByLabel("Day", { exact: true }), 80);
  await page.getByLabel("Day", { exact: true }).fill(dayFromNow(ahead));
  await keys.tabTo(page.getByLabel("What the day is"), 6);
  await keys.type("Unplanned closure, all");
  await write("Reason, as parents were told", "The boiler failed");
  await press("Enter the day");
  await page.locator("main td").getByText("The boiler failed").waitFor();
  await axe(page);
});

step("a second factor is set up, and asked for at the next sign-in", async () => {
  await page.goto(`${school.address}/me/second-factor`);
  await axe(page);
  const key = await page.locator("main strong.nowrap").innerText();
  await write("Code that the app shows", codeOfApp(key));
  await write("Your password", me.password);
  await keys.press("Enter");
  await page.getByText("They are shown this once.").waitFor();
  await axe(page);

  const other = await openPage(browser, view);
  const otherKeys = new Keys(other);
  await signInAs(other, otherKeys, me);
  assert.equal(new URL(other.url()).pathname, "/second-factor");
  await axe(other);
  await otherKeys.tabTo(other.getByLabel("Code"), 5);
  // A code is good for one use, so the next one is shown.
  await otherKeys.type(codeOfApp(key, 1));
  await otherKeys.press("Enter");
  await other.waitForURL((url) => url.pathname === "/");

  // That device is ended from this one.
  await page.goto(`${school.address}/me`);
  await axe(page);
  await keys.tabTo(page.locator("main table").getByRole("button", { name: /^Sign out/ }).first(), 60);
  await keys.press("Enter");
  await page.getByText("The device was signed out.").waitFor();
  await other.goto(`${school.address}/me`);
  assert.equal(new URL(other.url()).pathname, "/sign-in", "the other device is signed out");
  await other.context().close();
});

step("the journal tells what was done, by whom and with which job title", async () => {
  await page.goto(`${school.address}/journal`);
  const text = await page.locator("main").innerText();
  assert.match(text, /Ada Bell/);
  assert.match(text, /Network manager/);
  await axe(page);
});
