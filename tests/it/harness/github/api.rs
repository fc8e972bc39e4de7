//! GitHub's description of its API, as a judge of requests and answers.
//!
//! Invariant: a request that names an endpoint, a parameter or a property that is not in the
//! description is wrong, and so is one without what the description requires.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use super::http::{Request, Response};

const DESCRIPTION: &str = include_str!("../../../../fixtures/github/api.json");

/// An endpoint of the description.
pub(super) struct Operation {
    /// `GET /repos/{owner}/…`.
    pub(super) name: String,
    /// The parts of the path, by name.
    pub(super) path: BTreeMap<String, String>,
}

impl Operation {
    /// A number in the path.
    pub(super) fn number(&self, name: &str) -> u64 {
        self.path[name].parse().expect("checked against the description")
    }
}

struct Endpoint {
    parameters: BTreeMap<String, (String, Validator)>,
    body: Option<Validator>,
    is_body_required: bool,
    answers: BTreeMap<u16, Option<Validator>>,
}

struct Description {
    endpoints: BTreeMap<String, Endpoint>,
    examples: Map<String, Value>,
}

/// An example of GitHub's own; the first, where it is a list.
pub(super) fn example(name: &str) -> Value {
    let value = &description().examples[name]["value"];
    value.get(0).unwrap_or(value).clone()
}

fn description() -> &'static Description {
    static READ: OnceLock<Description> = OnceLock::new();
    READ.get_or_init(|| {
        let mut whole: Value = serde_json::from_str(DESCRIPTION).expect("it is JSON");
        let examples = whole["components"]["examples"].as_object().cloned().unwrap_or_default();
        modern(&mut whole);
        let mut endpoints = BTreeMap::new();
        for (path, methods) in whole["paths"].as_object().expect("it has paths") {
            for (method, operation) in methods.as_object().expect("paths have methods") {
                let name = format!("{} {path}", method.to_ascii_uppercase());
                endpoints.insert(name, endpoint(operation, &whole));
            }
        }
        Description { endpoints, examples }
    })
}

fn resolved<'a>(value: &'a Value, whole: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => whole.pointer(&reference[1..]).expect("the extract is closed"),
        None => value,
    }
}

fn validator(schema: &Value, whole: &Value) -> Validator {
    let schema = json!({"allOf": [schema], "components": whole["components"]});
    jsonschema::draft202012::new(&schema).expect("the description holds schemas")
}

fn endpoint(operation: &Value, whole: &Value) -> Endpoint {
    let list = |name: &str| operation[name].as_array().cloned().unwrap_or_default();
    let parameter = |value: &Value| {
        let value = resolved(value, whole);
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        (text("name"), (text("in"), validator(&value["schema"], whole)))
    };
    let body = &operation["requestBody"];
    let mut schema = body["content"]["application/json"]["schema"].clone();
    closed(&mut schema);
    let answers = operation["responses"].as_object().expect("operations have answers");
    let answer = |(status, value): (&String, &Value)| {
        let content = &resolved(value, whole)["content"]["application/json"]["schema"];
        let schema = (!content.is_null()).then(|| validator(content, whole));
        (status.parse().expect("a number"), schema)
    };
    Endpoint {
        parameters: list("parameters").iter().map(parameter).collect(),
        body: (!schema.is_null()).then(|| validator(&schema, whole)),
        is_body_required: body["required"] == true,
        answers: answers.iter().map(answer).collect(),
    }
}

/// Properties that the schema does not name are wrong: GitHub passes over them without a word.
fn closed(schema: &mut Value) {
    if let Some(map) = schema.as_object_mut() {
        if map.contains_key("properties") {
            map.insert("additionalProperties".into(), false.into());
        }
        map.values_mut().for_each(closed);
    } else if let Some(list) = schema.as_array_mut() {
        list.iter_mut().for_each(closed);
    }
}

/// OpenAPI 3.0 says `nullable`, JSON Schema says another type.
fn modern(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(modern),
        Value::Object(map) => {
            map.values_mut().for_each(modern);
            if map.get("nullable") == Some(&Value::Bool(true)) {
                map.remove("nullable");
                let inner = std::mem::take(map);
                map.insert("anyOf".into(), json!([inner, {"type": "null"}]));
            }
        }
        _ => {}
    }
}

/// Finds the endpoint, and checks all that is sent to it.
pub(super) fn check_request(request: &Request) -> Result<Operation, String> {
    let found = description().endpoints.iter().find_map(|(name, endpoint)| {
        let path = matching(name, &request.method, request.path())?;
        Some((Operation { name: name.clone(), path }, endpoint))
    });
    let (operation, endpoint) = found.ok_or("there is no such endpoint")?;
    for (name, value) in &operation.path {
        check_parameter(endpoint, "path", name, value)?;
    }
    for (name, value) in request.query() {
        check_parameter(endpoint, "query", &name, &value)?;
    }
    match &endpoint.body {
        Some(validator) if !request.body.is_null() => check(validator, &request.body)?,
        Some(_) if endpoint.is_body_required => return Err("the body is missing".to_owned()),
        None if !request.body.is_null() => return Err("it takes no body".to_owned()),
        _ => {}
    }
    let header = |name: &str| request.headers.get(name).map(String::as_str);
    if header("user-agent").is_none_or(str::is_empty) {
        return Err("GitHub refuses requests without a user agent".to_owned());
    }
    match header("x-github-api-version") {
        Some("2022-11-28") => Ok(operation),
        other => Err(format!("the version of the API is {other:?}")),
    }
}

fn check_parameter(endpoint: &Endpoint, place: &str, name: &str, text: &str) -> Result<(), String> {
    let (known, schema) =
        endpoint.parameters.get(name).ok_or_else(|| format!("no parameter {name}"))?;
    if known != place {
        return Err(format!("{name} belongs in the {known}"));
    }
    let number = text.parse::<i64>().map(Value::from);
    let texts = [Value::from(text), number.unwrap_or(Value::Null)];
    if texts.iter().any(|value| schema.is_valid(value)) {
        Ok(())
    } else {
        Err(format!("{name} cannot be {text}"))
    }
}

/// Checks an answer of the stand-in's own.
pub(super) fn check_response(operation: &Operation, response: &Response) -> Result<(), String> {
    let endpoint = &description().endpoints[&operation.name];
    match endpoint.answers.get(&response.status) {
        Some(Some(validator)) => check(validator, &response.body),
        Some(None) if response.body.is_null() => Ok(()),
        Some(None) => Err("this answer has no body".to_owned()),
        // Errors that the description does not list are many.
        None if response.status >= 400 => Ok(()),
        None => Err(format!("no answer with status {}", response.status)),
    }
}

fn check(validator: &Validator, value: &Value) -> Result<(), String> {
    let errors: Vec<String> = validator
        .iter_errors(value)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(errors.join("; ").chars().take(2000).collect()) }
}

/// The parts of a path, if it is the endpoint's. Fixed words come before parameters.
fn matching(name: &str, method: &str, path: &str) -> Option<BTreeMap<String, String>> {
    let template = name.strip_prefix(method)?.strip_prefix(' ')?;
    let (template, path): (Vec<_>, Vec<_>) =
        (template.split('/').collect(), path.split('/').collect());
    if template.len() != path.len() {
        return None;
    }
    let mut parts = BTreeMap::new();
    for (wanted, given) in template.iter().zip(path) {
        match wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            // `/pulls/comments/1` is no pull request.
            Some("pull_number" | "issue_number") if given == "comments" => return None,
            Some(name) => _ = parts.insert(name.to_owned(), given.to_owned()),
            None if *wanted == given => {}
            None => return None,
        }
    }
    Some(parts)
}
