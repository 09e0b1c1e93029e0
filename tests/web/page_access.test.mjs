// What keyboards and screen readers get of the page, what phones do, and how it looks: screenshots lie in build/page-test.
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { browser, filmClip, openBefore, scratch, server, visit } from './page_server.mjs';

openBefore();

// Roles and names as the browser tells them to a screen reader.
async function tree(page) {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  return nodes
    .filter((node) => !node.ignored)
    .map((node) => {
      const states = Object.fromEntries((node.properties ?? []).map((p) => [p.name, p.value.value]));
      return { role: node.role?.value, name: node.name?.value ?? '', value: node.value?.value, ...states };
    });
}

const interactive = new Set(['button', 'slider', 'combobox', 'radio', 'checkbox', 'switch', 'link', 'textbox']);

const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

// Of two colours "rgb(r, g, b)", as WCAG counts.
function contrast(a, b) {
  const light = (text) => {
    const [r, g, b] = text
      .match(/[\d.]+/g)
      .slice(0, 3)
      .map((n) => {
        const c = n / 255;
        return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
      });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [x, y] = [light(a), light(b)].sort((m, n) => n - m);
  return (x + 0.05) / (y + 0.05);
}

describe('the page for everybody', () => {
  it('names every control, and says what is chosen and how far', async () => {
    const { page, context } = await visit(browser, server.url);
    const nodes = await tree(page);
    for (const node of nodes.filter((n) => interactive.has(n.role)))
      assert.ok(node.name, `a ${node.role} without a name`);
    const has = (role, name) =>
      assert.ok(
        nodes.some((n) => n.role === role && name.test(n.name)),
        `no ${role} ${name}`,
      );
    for (const name of [
      /^Camera$/,
      /^Open a file$/,
      /^Sample$/,
      /^Pause$/,
      /^Save a picture$/,
      /^Record$/,
      /^Full screen$/,
    ]) {
      has('button', name);
    }
    has('slider', /Before and after/);
    has('slider', /Strength/);
    has('switch', /Keep colors/);
    has('group', /^Style$/);
    has('combobox', /Resolution/);
    has('heading', /Tempera/);
    has('image', /painted in the style of The Starry Night/);
    const places = (await page.locator('#where').isVisible()) ? 3 : 0;
    const radios = nodes.filter((n) => n.role === 'radio');
    assert.equal(radios.length, 14 + places);
    assert.ok(radios.some((n) => n.checked === 'true' && /The Starry Night/.test(n.name)));
    assert.ok(nodes.some((n) => n.role === 'status') && nodes.some((n) => n.role === 'alert'));
    await context.close();
  });

  it('is walked through by Tab in reading order, with the focus seen, and no trap', async () => {
    const { page, context } = await visit(browser, server.url);
    const order = [];
    for (let i = 0; i < 30; i += 1) {
      await page.keyboard.press('Tab');
      const at = await page.evaluate(() => {
        const e = document.activeElement;
        if (e === document.body) return null;
        const style = getComputedStyle(
          e.matches('.style input, .segments input') ? e.nextElementSibling : e.id === 'divider' ? e.firstChild : e,
        );
        return {
          id: e.id || e.type,
          seen: e.classList.contains('skip') || (style.outlineStyle !== 'none' && style.outlineWidth !== '0px'),
        };
      });
      if (!at) break;
      assert.ok(at.seen, `the focus is not seen on ${at.id}`);
      order.push(at.id);
    }
    const wanted = [
      'divider',
      'camera',
      'open',
      'sample',
      'pause',
      'snapshot',
      'record',
      'full',
      'radio',
      'add',
      'reset',
      'size',
    ];
    // The switch of places and the styles are radio buttons in a row.
    const walked = order.filter((id) => wanted.includes(id));
    assert.deepEqual(
      walked.filter((id, i) => id !== walked[i - 1]),
      wanted,
    );
    await context.close();
  });

  for (const colorScheme of ['light', 'dark']) {
    it(`can be read in ${colorScheme}`, async () => {
      const { page, context } = await visit(browser, server.url, { contextOptions: { colorScheme } });
      await page.evaluate(() => (document.querySelector('#alert').textContent = 'Words'));
      const pairs = await page.evaluate(() =>
        [
          'h1',
          'header p',
          'dt',
          'dd',
          '.style b',
          '.style small',
          '.fine',
          '#add',
          '#alert',
          '#camera',
          '#film-start',
        ].map((selector) => {
          const e = document.querySelector(selector);
          let ground = e;
          while (ground && getComputedStyle(ground).backgroundColor === 'rgba(0, 0, 0, 0)')
            ground = ground.parentElement;
          return [selector, getComputedStyle(e).color, getComputedStyle(ground ?? document.body).backgroundColor];
        }),
      );
      for (const [selector, ink, paper] of pairs) {
        assert.ok(contrast(ink, paper) >= 4.5, `${selector}: ${ink} on ${paper} is ${contrast(ink, paper).toFixed(2)}`);
      }
      await page.evaluate(() => (document.querySelector('#alert').textContent = ''));
      await page.screenshot({ path: path.join(scratch, `desktop-${colorScheme}.png`) });
      await page.evaluate(() => document.querySelector('#panel').scrollTo(0, 1e4));
      await page.screenshot({ path: path.join(scratch, `desktop-${colorScheme}-below.png`) });
      await context.close();
    });

    it(`fits a phone in ${colorScheme}, with room for thumbs`, async () => {
      const { page, context } = await visit(browser, server.url, { contextOptions: { ...phone, colorScheme } });
      await page.setInputFiles('#file', filmClip());
      await page.waitForSelector('#film-start:not([hidden])');
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= 390, `${wide} pixels wide`);
      const small = await page.evaluate(() =>
        [...document.querySelectorAll('#bar button, #film button, select, .style')]
          .filter((e) => e.checkVisibility())
          .map((e) => [e.id || e.className, e.getBoundingClientRect()])
          .filter(([, box]) => box.height < 36 || box.width < 36)
          .map(([name]) => name),
      );
      assert.deepEqual(small, []);
      await page.screenshot({ path: path.join(scratch, `phone-${colorScheme}.png`), fullPage: true });
      await context.close();
    });
  }

  it('lets single keys be switched off, and remembers that', async () => {
    const { page, context } = await visit(browser, server.url);
    const paused = () => page.evaluate(() => document.querySelector('#video').paused);
    await page.locator('#keys').uncheck();
    await page.evaluate(() => document.activeElement.blur());
    await page.keyboard.press(' ');
    await page.keyboard.press('f');
    assert.deepEqual([await paused(), await page.locator('#full').getAttribute('aria-pressed')], [false, 'false']);
    await page.reload();
    await page.waitForFunction(() => document.documentElement.dataset.painted);
    assert.equal(await page.locator('#keys').isChecked(), false);
    await page.locator('#keys').check();
    await page.evaluate(() => document.activeElement.blur());
    await page.keyboard.press(' ');
    assert.equal(await paused(), true);
    await context.close();
  });

  it('stands still for those who want no motion', async () => {
    const { page, context } = await visit(browser, server.url, { contextOptions: { reducedMotion: 'reduce' } });
    await page.waitForFunction(() => document.querySelector('#video').paused);
    assert.equal(await page.locator('#pause').getAttribute('aria-label'), 'Play');
    await context.close();
  });

  it('fills the screen and comes back', async () => {
    const { page, context } = await visit(browser, server.url);
    await page.keyboard.press('f');
    await page.waitForFunction(() => document.querySelector('#work').classList.contains('filled'));
    assert.equal(await page.locator('#full').getAttribute('aria-pressed'), 'true');
    await page.keyboard.press('f');
    await page.waitForFunction(() => !document.querySelector('#work').classList.contains('filled'));
    await context.close();
  });
});
