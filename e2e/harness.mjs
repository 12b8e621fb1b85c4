// What every journey stands on: the program with its demo school, a browser, a counted keyboard and the accessibility check.
//
// It knows how to start, sign in, look and stop, and no page of the school's work. `journey.mjs` makes a test of it; what a
// teacher or an officer does is told in `journeys/`, one file for each task.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import AxeBuilder from "@axe-core/playwright";
import { chromium } from "playwright-core";

const here = path.dirname(fileURLToPath(import.meta.url));

/** Where failed journeys leave their pictures. Not kept in the repository. */
export const results = path.join(here, "results");

// Generous, so that a busy machine is slow and not wrong. Nothing waits for as long as this unless something is broken.
const READY_WITHIN_MS = 600_000;
const STOPPED_WITHIN_MS = 30_000;
const SHOWN_WITHIN_MS = 60_000;

/** The day on which every journey takes place: a Tuesday in term. */
export const today = "2026-11-24";

// ---------------------------------------------------------------------------------------------------------- the school

/** The binary under test: `ROLLBOOK_BINARY`, else the development build. */
function binary() {
  const target = process.env.CARGO_TARGET_DIR ?? path.join(here, "..", "target");
  return process.env.ROLLBOOK_BINARY ?? path.join(target, "debug", "rollbook");
}

/**
 * Reads what `rollbook demo` prints, line by line, until the address and the accounts are known.
 *
 * The address stands on a line `Serving http://127.0.0.1:PORT`. The accounts are a table whose columns stand two or more
 * spaces apart, headed `role  sign-in name  password` and ended by an empty line or by anything that is not a row.
 */
export class Announcement {
  address = null;
  accounts = [];
  #inTable = false;

  read(line) {
    const serving = line.match(/^\s*Serving (https?:\/\/\S+)/);
    if (serving) this.address = serving[1].replace(/\/$/, "");

    const cells = line.trim().split(/\s{2,}/);
    if (/^role$/i.test(cells[0]) && /^sign-in name$/i.test(cells[1] ?? "")) {
      this.#inTable = true;
    } else if (this.#inTable && cells.length >= 3) {
      if (/^-+$/.test(cells[0])) return;
      const [role, name, password] = cells;
      this.accounts.push({ role: role.toLowerCase(), name, password });
    } else {
      this.#inTable = false;
    }
  }

  get complete() {
    return this.address !== null && this.accounts.length > 0 && !this.#inTable;
  }
}

/**
 * Starts `rollbook demo` with a school of 300 pupils in a data folder of its own and waits until it answers.
 *
 * Returns `{ address, accounts, stop, cut, mend }`. `stop` ends the program and removes the folder; `cut` ends it and keeps the folder, as
 * when the server goes down or the way to it; `mend` starts it again at the same address. `tls` serves by the school's own authority.
 */
export async function startSchool({ pupils = 300, date = today, tls = false } = {}) {
  const data = await mkdtemp(path.join(tmpdir(), "rollbook-journey-"));
  const run = (port) => serveDemo(["--date", date, "--pupils", String(pupils), "--port", port, "--data", path.join(data, "school"), ...(tls ? ["--tls"] : [])]);
  let running;
  try {
    running = await run("0");
  } catch (error) {
    await rm(data, { recursive: true, force: true });
    throw error;
  }
  const { address, accounts } = running;
  return {
    address,
    accounts,
    async stop() {
      await running.end();
      await rm(data, { recursive: true, force: true });
    },
    cut: () => running.end(),
    async mend() {
      running = await run(new URL(address).port);
    },
  };
}

/** Runs `rollbook demo` until `end` is called; ready when it returns. */
async function serveDemo(settings) {
  const child = spawn(binary(), ["demo", ...settings], { stdio: ["ignore", "pipe", "pipe"] });
  const exited = new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve(signal ?? code));
    child.once("error", (error) => resolve(error.message));
  });
  const said = [];
  const announcement = new Announcement();
  const known = new Promise((resolve) => {
    const lines = createInterface({ input: child.stdout });
    let settle;
    lines.on("line", (line) => {
      said.push(line);
      announcement.read(line);
      // An empty line ends the table; were it ever left out, the table is whole once nothing has followed it for a while.
      clearTimeout(settle);
      if (announcement.complete) resolve();
      else if (announcement.address && announcement.accounts.length > 0) settle = setTimeout(resolve, 5_000);
    });
  });
  createInterface({ input: child.stderr }).on("line", (line) => said.push(line));

  const end = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      const ended = await Promise.race([exited.then(() => true), after(STOPPED_WITHIN_MS, false)]);
      if (!ended) child.kill("SIGKILL");
      await exited;
    }
  };

  const outcome = await Promise.race([
    known.then(() => "known"),
    exited.then((how) => `it ended (${how})`),
    after(READY_WITHIN_MS, `it was not ready after ${READY_WITHIN_MS / 1000} s`),
  ]);
  if (outcome !== "known") {
    await end();
    throw new Error(`The demo school did not start: ${outcome}. It said:\n${said.slice(-40).join("\n")}`);
  }
  return { address: announcement.address, accounts: announcement.accounts, end };
}

function after(ms, value) {
  return new Promise((resolve) => setTimeout(resolve, ms, value).unref());
}

/**
 * Starts `rollbook serve` over TLS on an empty data folder, its key and certificate authority in a folder of their own.
 *
 * Returns `{ address, code, stop }`: the address, and the set-up code that the program has shown. The clock is the machine's.
 */
export async function startEmptySchool() {
  const folder = await mkdtemp(path.join(tmpdir(), "rollbook-journey-"));
  const child = spawn(binary(), ["serve", "--tls", "local", "--data", path.join(folder, "data"), "--listen", "127.0.0.1:0"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ROLLBOOK_KEY_FILE: path.join(folder, "key") },
  });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", (line) => said.push(line));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const stop = async () => {
    child.kill("SIGTERM");
    const inTime = await Promise.race([ended.then(() => true), after(STOPPED_WITHIN_MS, false)]);
    if (!inTime) child.kill("SIGKILL");
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  for (let waited = 0; waited < READY_WITHIN_MS && child.exitCode === null; waited += 100) {
    const address = said.join("\n").match(/Serving (https:\/\/\S+)/)?.[1].replace(/\/$/, "");
    const code = said.join("\n").match(/with the code (\S+)/)?.[1];
    if (address && code) return { address, code, stop };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await stop();
  throw new Error(`The empty school did not start. It said:\n${said.join("\n")}`);
}

/** The account of a role: the role as the program prints it, or its beginning (`teacher`, `attendance officer`). */
export function accountOf(school, role) {
  const wanted = role.toLowerCase();
  const account =
    school.accounts.find((one) => one.role === wanted) ?? school.accounts.find((one) => one.role.startsWith(wanted));
  assert.ok(account, `nobody signs in as ${role}; there are: ${school.accounts.map((one) => one.role).join(", ")}`);
  return account;
}

// --------------------------------------------------------------------------------------------------------- the browser

/** Starts Chromium: `CHROMIUM`, else Debian's, with further settings. It makes no connection of its own. */
export async function launchBrowser(...settings) {
  const root = process.getuid?.() === 0;
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      // Chromium refuses its sandbox to the superuser.
      ...(root ? ["--no-sandbox"] : []),
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...settings,
    ],
  });
}

/** The four ways in which a page is looked at. */
export const views = {
  light: { viewport: { width: 1920, height: 1080 }, colorScheme: "light" },
  dark: { viewport: { width: 1920, height: 1080 }, colorScheme: "dark" },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: "light", hasTouch: true, isMobile: true },
  print: { viewport: { width: 794, height: 1123 }, colorScheme: "light" },
};

/** A fresh page with its own cookies, which collects whatever the browser complains about in `page.complaints`. */
export async function openPage(browser, view = views.light) {
  const context = await browser.newContext({ ...view, locale: "en-GB", timezoneId: "Europe/London", reducedMotion: "reduce" });
  context.setDefaultTimeout(SHOWN_WITHIN_MS);
  const page = await context.newPage();
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(`script: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") page.complaints.push(`console: ${message.text()}`);
  });
  return page;
}

/** Signs in as a role by keyboard, and waits until the sign-in page is left. */
export async function signIn(page, school, role) {
  const account = accountOf(school, role);
  await page.goto(`${school.address}/sign-in`);
  await page.getByLabel("Sign-in name").fill(account.name);
  await page.getByLabel("Password").fill(account.password);
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
}

/** A keyboard that counts: each key pressed is one, a chord (`Control+K`) is one, a typed word is one for each letter. */
export class Keys {
  count = 0;
  #page;

  constructor(page) {
    this.#page = page;
  }

  async press(...keys) {
    for (const key of keys) {
      await this.#page.keyboard.press(key);
      this.count += 1;
    }
  }

  async type(text) {
    for (const letter of text) {
      await this.#page.keyboard.type(letter);
      this.count += 1;
    }
  }

  /** Presses Tab until the wanted element has focus, at most `limit` times; a page that cannot be reached so fails. */
  async tabTo(locator, limit = 60) {
    for (let pressed = 0; pressed <= limit; pressed += 1) {
      if (await locator.evaluate((element) => element === document.activeElement)) return;
      await this.press("Tab");
    }
    assert.fail(`Tab does not reach ${locator} within ${limit} presses`);
  }

  /** Starts counting again. */
  reset() {
    this.count = 0;
  }
}

// ------------------------------------------------------------------------------------------------------- accessibility

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What axe finds wrong with the page as it stands, in light and in dark: one line for each fault and place. */
export async function accessibilityFaults(page) {
  const faults = [];
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    // Nothing but contrast can differ in dark. The legacy mode spares a second window for each look; we have no frames.
    const builder = new AxeBuilder({ page }).setLegacyMode();
    const look = colorScheme === "light" ? builder.withTags(RULES) : builder.withRules(["color-contrast"]);
    const { violations } = await look.analyze();
    for (const violation of violations) {
      for (const node of violation.nodes) {
        faults.push(`${colorScheme}: ${violation.id}: ${node.target.join(" ")}: ${node.failureSummary.replace(/\s+/g, " ")}`);
      }
    }
  }
  await page.emulateMedia({ colorScheme: null });
  return faults;
}

/** Asserts that axe finds nothing at all, contrast included, in light and in dark. */
export async function axe(page) {
  const faults = await accessibilityFaults(page);
  assert.deepEqual(faults, [], `${page.url()} has accessibility faults:\n${faults.join("\n")}`);
}

/** Takes a picture of the page into the results folder and returns its path. */
export async function screenshot(page, name) {
  await mkdir(results, { recursive: true });
  const file = path.join(results, `${name.replace(/[^a-z0-9]+/gi, "-").toLowerCase()}.png`);
  await page.screenshot({ path: file, fullPage: true });
  return file;
}
