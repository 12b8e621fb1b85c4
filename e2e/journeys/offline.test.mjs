// Registers without a network: the server is really stopped and started again.

import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { hostname } from "node:os";
import { after, test } from "node:test";
import tls from "node:tls";
import { axe, Keys, launchBrowser, openPage, screenshot, signIn, startSchool } from "../harness.mjs";
import { history, markOf, rowOf, saved } from "../register.mjs";

const NAME = `${hostname().toLowerCase()}.local`;
let stage;

/** A school over its own TLS, and a browser that reaches it by a name and believes its certificate as an installed one. */
function onStage() {
  stage ??= (async () => {
    const school = await startSchool({ tls: true });
    const { port } = new URL(school.address);
    const key = await keyOfServer(Number(port));
    const browser = await launchBrowser(`--host-resolver-rules=MAP ${NAME} 127.0.0.1`, `--ignore-certificate-errors-spki-list=${key}`);
    return { school: { ...school, address: `https://${NAME}:${port}` }, browser };
  })();
  return stage;
}

after(async () => {
  const started = await stage?.catch(() => null);
  await started?.browser.close();
  await started?.school.stop();
});

/** The digest of the authority's public key, by which the browser knows it. */
function keyOfServer(port) {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host: "127.0.0.1", port, servername: NAME, rejectUnauthorized: false }, () => {
      const shown = socket.getPeerCertificate(true);
      const top = shown.issuerCertificate && shown.issuerCertificate.raw ? shown.issuerCertificate : shown;
      const keys = [shown, top].map((one) => new X509Certificate(one.raw).publicKey.export({ type: "spki", format: "der" }));
      socket.end();
      resolve(keys.map((one) => createHash("sha256").update(one).digest("base64")).join(","));
    });
    socket.once("error", reject);
  });
}

/** A journey of this file: as `journey`, at the school that is reached by a name. */
function journey(name, tell) {
  test(name, { timeout: 900_000 }, async (run) => {
    const { school, browser } = await onStage();
    const page = await openPage(browser);
    try {
      await tell({ page, keys: new Keys(page), school });
      const complaints = page.complaints.filter((complaint) => !/ERR_CONNECTION|ERR_FAILED|status of 401/.test(complaint));
      assert.deepEqual(complaints, [], "the browser complained");
    } catch (error) {
      const picture = await screenshot(page, `failed-${name}`).catch(() => null);
      if (picture) run.diagnostic(`where it stood: ${picture}`);
      throw error;
    } finally {
      await page.context().close();
    }
  });
}

/** What is in the device's database: who has registers, entries and keys in it, and whether a key could be read out. */
const onDevice = (page) => page.evaluate(async () => {
  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const base = await done(indexedDB.open("rollbook"));
  const of = async (name) => (await done(base.transaction(name).objectStore(name).getAll()));
  const found = { registers: (await of("registers")).map((one) => one.owner), entries: (await of("entries")).map((one) => one.owner), keys: await of("keys") };
  found.readable = found.keys.filter((one) => one.key.extractable).length;
  found.keys = found.keys.map((one) => one.owner);
  found.text = JSON.stringify([await of("registers"), await of("entries")]);
  base.close();
  return found;
});

/** Waits until today's registers are on the device, and answers the addresses of this morning's. */
async function keptHere(page, school) {
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await page.goto(`${school.address}/registers`);
  await page.locator("[data-on-device]").getByText(/can be taken on this device/).waitFor();
}

/** Opens a register from the list of registers on this device, by keyboard. */
async function openKept(page, keys, name) {
  await keys.tabTo(page.locator("[data-offline]").getByRole("link", { name }).first(), 30);
  await keys.press("Enter");
  await page.locator("table[role=grid]").waitFor();
}

journey("with the server gone a register is finished, others of today are opened, and every mark arrives once", async ({ page, keys, school }) => {
  await signIn(page, school, "teacher");
  await keptHere(page, school);
  assert.notEqual(new URL(page.url()).hostname, "localhost");
  const own = await page.locator('main tbody a[href$="/am"]').first().getAttribute("href");
  const name = (await page.locator('main tbody a[href$="/am"]').first().innerText()).trim();
  const before = (await history(page, school, own)).length;
  await page.goto(`${school.address}${own}`);
  await page.locator("table[role=grid]").waitFor();
  await page.waitForTimeout(1_000); // what the page fetches ahead beside the grid
  await keys.type("3N");
  await saved(page);

  await school.cut();
  await keys.type("8N");
  await page.getByText(/No network: 1 mark kept on this device/).waitFor();

  // Loaded again without a server: the same register, with what was saved and what waits.
  await page.reload();
  await page.locator("table[role=grid]").waitFor();
  assert.equal(await markOf(page, 3), "N", "what was saved before is in the kept copy");
  assert.equal(await markOf(page, 8), "N", "and what waits stands over it");
  await axe(page);
  await keys.type("9L");
  assert.match(await rowOf(page, 9).locator(".c-min").innerText(), /^\d+$/, "the school's clock gives the minutes");
  await page.getByText(/No network: 2 marks kept on this device/).waitFor();

  // As the installed page begins: its list, and another register from there.
  await page.goto(`${school.address}/registers`);
  await page.locator("[data-offline]").getByRole("heading", { name: /Registers on this device/ }).waitFor();
  await axe(page);
  // Of another year, so that none of its pupils stands in the first.
  const others = page.locator("[data-offline] tbody a").filter({ hasNotText: new RegExp(`^${name.match(/^\d+/)[0]}\\D`) }).filter({ hasText: /AM$/ });
  const other = (await others.first().innerText()).trim();
  await openKept(page, keys, other);
  const second = new URL(page.url()).pathname;
  assert.notEqual(second, own);
  await keys.press("Control+End");
  await keys.press("n");
  await page.getByText(/No network: 1 mark kept on this device/).waitFor();

  const device = await onDevice(page);
  assert.equal(device.readable, 0, "no key can be read out");
  assert.ok(!/Sample|[A-Z][a-z]+, [A-Z]/.test(device.text), "no name lies open on the device");

  await school.mend();
  await page.goto(`${school.address}${own}`);
  await page.waitForFunction(() => {
    const marks = [8, 9].map((number) => document.querySelectorAll("table[role=grid] tbody tr")[number - 1]);
    return marks.every((row) => row && !row.classList.contains("waiting") && row.dataset.e && row.querySelector(".mk").textContent !== "·");
  });
  assert.deepEqual([await markOf(page, 8), await markOf(page, 9)], ["N", "L"]);
  await page.goto(`${school.address}/`);
  await page.waitForFunction(() => document.querySelector("[data-waiting]") === null || document.querySelector("[data-waiting]").childElementCount === 0);
  const entries = await history(page, school, own);
  assert.equal(entries.length - before, 3, "each mark arrived once");
  assert.equal((await history(page, school, second)).filter((cells) => /\bN\b/.test(cells.join(" "))).length > 0, true);
});

journey("a lesson's register is taken with the server gone, and its mark arrives once", async ({ page, keys, school }) => {
  // The office has one of the first period open, for a teacher whose machine does not start.
  await signIn(page, school, "attendance manager");
  await page.goto(`${school.address}/lessons?show=all`);
  const lesson = await page.locator("main tbody tr").filter({ hasText: /^P1/ }).first().getByRole("link").first().getAttribute("href");
  await page.goto(`${school.address}${lesson}`);
  await page.locator("table[role=grid]").waitFor();
  await page.waitForTimeout(1_000); // what the page fetches ahead beside the grid
  await keptHere(page, school);
  const before = (await history(page, school, lesson)).length;
  await page.goto(`${school.address}${lesson}`);
  await page.locator("table[role=grid]").waitFor();
  await page.waitForTimeout(1_000); // what the page fetches ahead beside the grid
  await school.cut();
  await page.reload();
  await page.locator("[data-offline] table[role=grid]").waitFor();
  await keys.type("2N");
  await page.getByText(/No network: 1 mark kept on this device/).waitFor();
  await axe(page);

  await school.mend();
  await page.goto(`${school.address}/`);
  await page.waitForFunction(() => document.querySelector("[data-waiting]") === null || document.querySelector("[data-waiting]").childElementCount === 0);
  await page.waitForTimeout(1_000);
  assert.equal((await history(page, school, lesson)).length - before, 1, "it arrived once");
});

journey("on a shared computer one teacher's marks wait for that teacher, and no register stays for the next", async ({ page, keys, school }) => {
  await signIn(page, school, "teacher");
  await keptHere(page, school);
  const own = await page.locator('main tbody a[href$="/am"]').first().getAttribute("href");
  const before = (await history(page, school, own)).length;
  await page.goto(`${school.address}${own}`);
  await page.locator("table[role=grid]").waitFor();
  const [owner] = (await onDevice(page)).registers;
  await school.cut();
  await keys.type("14N");
  await page.getByText(/No network: 1 mark kept on this device/).waitFor();

  await page.locator(".menu summary").focus();
  await keys.press("Enter");
  await keys.tabTo(page.getByRole("button", { name: "Sign out" }), 20);
  await keys.press("Enter");
  const warning = page.getByRole("dialog");
  await warning.getByText(/: 1 mark/).waitFor();
  await keys.tabTo(warning.getByRole("button", { name: /Sign out, marks wait here/ }), 5);
  await keys.press("Enter");
  await page.getByText("the registers are off this device").waitFor();
  await axe(page);
  let device = await onDevice(page);
  assert.deepEqual([device.registers, device.entries], [[], [owner]]);

  // The next page with a server tells the school, and the door says that something waits.
  await school.mend();
  await page.goto(`${school.address}/`);
  await page.waitForURL(/\/sign-in/);
  await page.getByText(/have not reached the school. Whoever typed them/).waitFor();
  await axe(page);

  await signIn(page, school, "attendance manager");
  await page.waitForTimeout(2_000);
  device = await onDevice(page);
  assert.deepEqual(device.entries, [owner], "another person sends nothing of it");
  await page.goto(`${school.address}${own}`);
  assert.equal((await history(page, school, own)).length, before);
  await page.locator(".menu summary").press("Enter");
  await page.getByRole("button", { name: "Sign out" }).press("Enter");
  await page.waitForURL(/\/sign-in/);

  await signIn(page, school, "teacher");
  while ((await onDevice(page)).entries.length > 0) await page.waitForTimeout(100);
  assert.equal((await history(page, school, own)).length - before, 1, "sent by its own teacher, once");
});

journey("two people save one register: the second is told what changed and by whom, and chooses", async ({ page, keys, school }) => {
  await signIn(page, school, "teacher");
  await keptHere(page, school);
  const own = await page.locator('main tbody a[href$="/am"]').first().getAttribute("href");
  await page.goto(`${school.address}${own}`);
  await page.locator("table[role=grid]").waitFor();
  await page.route("**/save", (route) => route.abort());
  await keys.type("17N");
  await page.getByText(/1 mark kept on this device/).waitFor();

  const office = await openPage(page.context().browser());
  await signIn(office, school, "attendance manager");
  await office.goto(`${school.address}${own}`);
  await new Keys(office).type("17/");
  await saved(office);
  await office.context().close();

  await page.unroute("**/save");
  // On any page the person is told; nothing is sent over the other's mark.
  await page.goto(`${school.address}/`);
  const told = page.locator("[data-waiting]").getByRole("link", { name: "Open the register and choose" });
  await told.waitFor();
  await axe(page);
  await told.press("Enter");
  await page.locator("table[role=grid] tr.refused").waitFor();
  assert.equal(await markOf(page, 17), "/", "what stands is shown");
  await rowOf(page, 17).locator(".c-mark").press("Enter");
  const choice = page.getByRole("dialog");
  await choice.getByText("You typed").waitFor();
  const words = await choice.innerText();
  assert.match(words, /N: /);
  assert.match(words, /\/.*\(.+, \d\d:\d\d\)/s, "who changed it, and when");
  await axe(page);
  await choice.getByRole("button", { name: "Use mine" }).press("Enter");
  await saved(page);
  assert.equal(await markOf(page, 17), "N");
});
