//! A page that needs nothing else: our own view of the change above, the element of
//! mutation-testing-elements below.
//!
//! Invariant: no request leaves the page (its policy forbids them all), its scripts are those
//! whose digests the policy names, and all text of the project is text.

mod drawing;
mod policy;
mod view;

use crate::model::Report;

use super::elements;
use super::escape::{html, json_in_script};

const ELEMENT: &str = include_str!("mutation-test-elements.js");
const STYLE: &str = include_str!("style.css");
/// Hands the data to the element. Its bar, which stands at the top of the window whenever the one in its
/// head is out of sight, would cover our view: it is above the window until the element reaches its top.
const START: &str = "const app=document.querySelector('mutation-test-report-app');\
                     app.report=JSON.parse(document.getElementById('report').textContent);\
                     new IntersectionObserver(([seen])=>\
                     app.style.setProperty('--top-offset',seen.isIntersecting?'0px':'-9rem'),\
                     {rootMargin:'0px 0px -100% 0px'}).observe(app);";

/// The page.
pub fn write(report: &Report) -> String {
    let data = serde_json::to_string(&elements::build(report)).expect("plain data");
    let policy = policy::of(&[ELEMENT, START]);
    let title = format!("mutdiff: {} → {}", report.base.name, report.head.name);
    let (title, view, data) = (html(&title), view::view(report), json_in_script(&data));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <link rel=\"icon\" href=\"data:,\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{view}\
         <section id=\"files\">\n<h2>Files</h2>\n\
         <mutation-test-report-app></mutation-test-report-app>\n</section>\n\
         <!-- Below: mutation-testing-elements 3.9.0, Apache License 2.0, (c) the Stryker Mutator \
         team; github.com/stryker-mutator/mutation-testing-elements -->\n\
         <script>{ELEMENT}</script>\n\
         <script type=\"application/json\" id=\"report\">{data}</script>\n\
         <script>{START}</script>\n</body>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::QualName;
    use crate::report::sample;

    #[test]
    fn a_page_names_no_other_place() {
        let page = write(&sample::report()).replace(ELEMENT, "");
        for loading in ["http://", "https://", "src=", "@import", "url("] {
            assert!(!page.contains(loading), "{loading}");
        }
        assert!(page.contains("default-src 'none'; "));
    }

    #[test]
    fn the_elements_script_cannot_end_its_tag() {
        assert!(!ELEMENT.contains("</script") && !ELEMENT.contains("<script"));
        assert!(!START.contains('<') && !START.contains('&'));
    }

    #[test]
    fn names_open_no_tag() {
        let mut report = sample::report();
        let nasty = "</script><img src=x onerror=alert(1)>";
        for mutant in &mut report.mutants {
            mutant.function.name = QualName::new(nasty);
            mutant.original = nasty.into();
            mutant.diff = format!("@@ -1 +1 @@\n-{nasty}\n");
        }
        report.base.name = nasty.into();
        report.notices[0].message = nasty.into();
        let page = write(&report);
        assert!(!page.contains("<img"));
        assert_eq!(page.matches("</script").count(), 3);
    }
}
