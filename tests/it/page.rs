//! The HTML page in a browser: headless Chromium, from Debian's `chromium` package.
//!
//! Invariant: without Chromium the tests say so and pass, except where `CI` or `GITHUB_ACTIONS` is
//! set, where it must be there; the page is shown from a file, without a network.

use std::fs;
use std::path::Path;
use std::process::Command;

use mutdiff::model::Report;
use mutdiff::report::{html, json};
use serde_json::Value;

/// Looks at the page as a reader would, and leaves what it saw in an attribute of the root.
const PROBE: &str = r#"<script nonce="probe">
const faults = [];
addEventListener('error', e => faults.push('error ' + e.message));
addEventListener('securitypolicyviolation', e => faults.push('policy ' + e.blockedURI));
const error = console.error;
console.error = (...words) => { faults.push('console ' + words.join(' ')); error(...words); };
const all = (node, out = []) => {
  out.push(node);
  node.childNodes.forEach(child => all(child, out));
  if (node.shadowRoot) all(node.shadowRoot, out);
  return out;
};
const wait = milliseconds => new Promise(done => setTimeout(done, milliseconds));
addEventListener('load', async () => {
  await wait(300);
  // What stands on our view, wherever that is scrolled to. The bar may not have become visible yet.
  const covered = all(document.body).filter(n => n.nodeType == 1).filter(n => {
    const box = n.getBoundingClientRect();
    return getComputedStyle(n).position == 'fixed' && box.height > 0 && box.bottom > 0;
  }).map(n => n.localName + '.' + n.className);
  location.hash = '#mutant/FILE';
  await wait(300);
  const spans = all(document.body).filter(n => n.localName == 'span' && n.classList.contains('mutant'));
  const survivors = spans.filter(n => n.className.includes('Survived'));
  const drawer = () => all(document.body).find(n => n.localName == 'mte-drawer-mutant')?.getAttribute('mode');
  const closed = drawer();
  survivors[0]?.dispatchEvent(new MouseEvent('click', { bubbles: true, composed: true }));
  await wait(300);
  const drawn = [...document.querySelectorAll('#change svg g')];
  const inside = (inner, outer) => inner.left >= outer.left && inner.right <= outer.right
    && inner.top >= outer.top && inner.bottom <= outer.bottom;
  const fits = box => {
    const frame = box.querySelector('rect').getBoundingClientRect();
    return inside(frame, box.closest('svg').getBoundingClientRect()) && frame.width > 0
      && [...box.querySelectorAll('text')].every(text => inside(text.getBoundingClientRect(), frame));
  };
  document.documentElement.setAttribute('data-probe', JSON.stringify({
    survivors: survivors.length, closed, open: drawer(), faults,
    covered, bars: all(document.body).filter(n => n.localName == 'div' && n.classList.contains('top-offset')).length,
    boxes: drawn.map(box => box.querySelector('.name').textContent),
    calls: document.querySelectorAll('#change svg path.seen').length,
    unfit: drawn.filter(box => !fits(box)).map(box => box.textContent),
    details: document.querySelectorAll('#change details').length,
    foreign: document.querySelectorAll('img, iframe, object, a[href]').length,
    requests: performance.getEntriesByType('resource').map(r => r.name),
  }));
});
</script>"#;

/// What the probe saw of a report's page; `None` without Chromium.
fn seen(report: &Report, file: &str) -> Option<Value> {
    let found = Command::new("chromium").arg("--version").output().is_ok();
    if !found {
        let must = ["CI", "GITHUB_ACTIONS"].iter().any(|name| std::env::var_os(name).is_some());
        assert!(!must, "chromium is missing: apt-get install chromium");
        let told = "not tested: chromium is missing (apt-get install chromium)";
        std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes()).expect("writable");
        return None;
    }
    let folder = tempfile::tempdir().expect("there is room");
    let page = html::write(report)
        .replacen("script-src ", "script-src 'nonce-probe' ", 1)
        .replacen("<body>\n", &format!("<body>\n{}", PROBE.replace("FILE", file)), 1);
    let path = folder.path().join("page.html");
    fs::write(&path, page).expect("writable");
    let output = Command::new("timeout")
        .args(["60", "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .args(["--virtual-time-budget=8000", "--host-resolver-rules=MAP * ~NOTFOUND"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("file://{}", path.display()))
        .env("HOME", folder.path())
        .output()
        .expect("it was just found");
    let page = String::from_utf8_lossy(&output.stdout);
    let start = page.find("data-probe=\"").unwrap_or_else(|| panic!("{output:?}"));
    let text = page[start..].split('"').nth(1).expect("the attribute is closed");
    let text = text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">");
    Some(serde_json::from_str(&text.replace("&amp;", "&")).expect("the probe writes JSON"))
}

fn example() -> Report {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/examples/report.json");
    json::read(&fs::read_to_string(path).expect("it is there")).expect("it is a report")
}

#[test]
fn survivors_are_listed_and_a_mutant_opens_without_a_request() {
    let Some(seen) = seen(&example(), "discounts.py") else { return };
    assert_eq!(seen["faults"], serde_json::json!([]), "{seen}");
    assert_eq!(seen["requests"], serde_json::json!([]), "{seen}");
    assert!(seen["survivors"].as_u64() >= Some(2), "{seen}");
    assert_eq!((&seen["closed"], &seen["open"]), (&"closed".into(), &"half".into()), "{seen}");
    assert!(seen["details"].as_u64() >= Some(3), "{seen}");
    assert_eq!(seen["covered"], serde_json::json!([]), "{seen}");
    assert!(seen["bars"].as_u64() >= Some(1), "the element has another bar now: {seen}");
    let boxes = serde_json::json!(["rate", "discounted", "Cart.total"]);
    assert_eq!((&seen["boxes"], &seen["calls"]), (&boxes, &2.into()), "{seen}");
    assert_eq!(seen["unfit"], serde_json::json!([]), "{seen}");
}

#[test]
fn hostile_names_make_no_element_and_no_fault() {
    let nasty = "</script><img src=x onerror=alert(1)><iframe src=//e.x></iframe>";
    let mut report = example();
    for (index, function) in report.functions.iter_mut().enumerate() {
        function.function.name = mutdiff::model::QualName::new(nasty.repeat(index + 1));
    }
    for mutant in &mut report.mutants {
        mutant.function.name = mutdiff::model::QualName::new(nasty);
        mutant.replacement = nasty.to_owned();
        mutant.diff = format!("@@ -1 +1 @@\n-{nasty}\n");
        mutant.tests.push(mutdiff::model::TestId::new(nasty));
    }
    let Some(seen) = seen(&report, "discounts.py") else { return };
    assert_eq!(seen["faults"], serde_json::json!([]), "{seen}");
    assert_eq!((&seen["foreign"], &seen["open"]), (&0.into(), &"half".into()), "{seen}");
    assert_eq!(
        (seen["boxes"].as_array().map(Vec::len), &seen["unfit"]),
        (Some(3), &serde_json::json!([])),
        "{seen}"
    );
}
