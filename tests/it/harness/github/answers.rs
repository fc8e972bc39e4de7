//! Answers in GitHub's shape: its own examples, with what stands here in them.
//!
//! Invariant: lists have pages as GitHub's have, with a link to the next.

use serde_json::{Value, json};

use super::api::{Operation, example};
use super::http::{Request, Response};
use super::world::{Account, File, Posted, Remark, World};

/// Answers a request that changes nothing.
pub(super) fn read(
    world: &World,
    request: &Request,
    operation: &Operation,
    account: Option<&Account>,
) -> Response {
    match operation.name.replace("/repos/{owner}/{repo}/", "").as_str() {
        "GET /user" => match account {
            Some(account) if account.has_user => {
                let mut user =
                    example("private-user-response-with-public-and-private-profile-information");
                user["login"] = account.login.as_str().into();
                Response::of(200, user)
            }
            Some(_) => Response::error(403, "Resource not accessible by integration"),
            None => Response::error(401, "Requires authentication"),
        },
        "GET pulls" => {
            let query = request.query();
            let is_it = world.open && query.get("head") == Some(&world.from);
            let found = is_it.then(|| pull("pull-request-simple-items", world));
            Response::of(200, found.into_iter().collect())
        }
        "GET pulls/{pull_number}" => Response::of(200, pull("pull-request", world)),
        "GET pulls/{pull_number}/files" => {
            page(request, world.files.iter().map(|(name, one)| file(name, one)).collect())
        }
        "GET pulls/{pull_number}/comments" => {
            page(request, world.remarks.iter().map(|one| remark(one, &world.head)).collect())
        }
        "GET pulls/{pull_number}/reviews" => {
            page(request, world.reviews.iter().map(|one| review(one, &world.head)).collect())
        }
        "GET issues/{issue_number}/comments" => {
            page(request, world.comments.iter().map(comment).collect())
        }
        "GET pulls/comments/{comment_id}" => {
            let id = operation.number("comment_id");
            let found = world.remarks.iter().find(|remark| remark.id == id);
            one(found.map(|found| remark(found, &world.head)))
        }
        "GET issues/comments/{comment_id}" => {
            let id = operation.number("comment_id");
            one(world.comments.iter().find(|comment| comment.id == id).map(comment))
        }
        other => panic!("the stand-in does not know {other}"),
    }
}

fn one(found: Option<Value>) -> Response {
    found.map_or_else(|| Response::error(404, "Not Found"), |found| Response::of(200, found))
}

fn page(request: &Request, all: Vec<Value>) -> Response {
    let query = request.query();
    let number = |name: &str, otherwise: usize| {
        query.get(name).and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let (size, page) = (number("per_page", 30).min(100), number("page", 1).max(1));
    let count = all.len();
    let shown: Vec<Value> = all.into_iter().skip(size * (page - 1)).take(size).collect();
    let mut response = Response::of(200, shown.into());
    if count > size * page {
        let link = format!("<https://api.github.com/elsewhere?page={}>; rel=\"next\"", page + 1);
        response.headers.push(("link", link));
    }
    response
}

fn user(login: &str) -> Value {
    let mut user = example("issue-comment")["user"].clone();
    user["login"] = login.into();
    user["type"] = if login.ends_with("[bot]") { "Bot" } else { "User" }.into();
    user
}

fn pull(name: &str, world: &World) -> Value {
    let mut pull = example(name);
    // Here GitHub's example is not what its description says.
    pull["requested_teams"] = json!([]);
    pull["number"] = 7.into();
    pull["state"] = if world.open { "open" } else { "closed" }.into();
    pull["head"]["sha"] = world.head.as_str().into();
    pull
}

fn file(name: &str, file: &File) -> Value {
    let mut value = example("diff-entry-items");
    value["filename"] = name.into();
    value["status"] = file.status.as_str().into();
    let fields = value.as_object_mut().expect("an object");
    fields.remove("patch");
    if let Some(patch) = &file.patch {
        fields.insert("patch".into(), patch.as_str().into());
    }
    if let Some(previous) = &file.previous {
        fields.insert("previous_filename".into(), previous.as_str().into());
    }
    value
}

/// A remark.
pub(super) fn remark(remark: &Remark, head: &str) -> Value {
    let mut value = example("pull-request-review-comment-items");
    value["id"] = remark.id.into();
    value["pull_request_review_id"] = remark.review.into();
    value["user"] = user(&remark.author);
    value["path"] = remark.path.as_str().into();
    value["body"] = remark.body.as_str().into();
    value["commit_id"] = head.into();
    let fields = value.as_object_mut().expect("an object");
    // GitHub says null here, which its description leaves out.
    for (name, line) in [("line", remark.line), ("start_line", remark.start)] {
        fields.remove(name);
        fields.extend(line.map(|line| (name.to_owned(), line.into())));
    }
    fields.remove("in_reply_to_id");
    fields.extend(remark.in_reply_to.map(|id| ("in_reply_to_id".to_owned(), id.into())));
    value
}

/// A review.
pub(super) fn review(review: &Posted, head: &str) -> Value {
    let mut value = example("pull-request-review");
    value["id"] = review.id.into();
    value["user"] = user(&review.author);
    value["body"] = review.body.as_str().into();
    value["state"] = "COMMENTED".into();
    value["commit_id"] = head.into();
    value
}

/// A comment of the conversation.
pub(super) fn comment(comment: &Posted) -> Value {
    let mut value = example("issue-comment");
    value["id"] = comment.id.into();
    value["user"] = user(&comment.author);
    value["body"] = json!(comment.body);
    value
}
