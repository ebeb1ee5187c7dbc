use super::*;
use crate::wire::tests::records::RecordBuilder;

#[test]
fn classes_of_segments() {
    let classes = [
        ("1", None),
        ("0", None),
        ("12", Some("int")),
        ("10", Some("int")),
        ("1234567890123456789012", Some("int")),
        ("01", None),
        ("012", Some("int_id")),
        ("1-2", Some("int_id")),
        ("1.2.3", Some("int_id")),
        ("_1_", Some("int_id")),
        ("1-", None),
        ("...", None),
        ("a1b2c3", Some("hex")),
        ("ABCDEF1", Some("hex")),
        ("a1b2c", None),
        ("abcdef", None),
        ("000000", Some("int_id")),
        ("a1-b2c", Some("hex_id")),
        ("123e4567-e89b-12d3-a456-426614174000", Some("hex_id")),
        ("abc-def", None),
        ("abcdefghijklmnopqrst", Some("str")),
        ("abcdefghijklmnopqrs", None),
        ("\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}", None),
        ("users", None),
        ("v1", None),
        ("file.txt", None),
    ];
    for (segment, class) in classes {
        let class = class.map(|class| format!("{{param:{class}}}"));
        assert_eq!(class_of(segment.as_bytes()), class.as_deref(), "{segment}");
    }
    for mark in "%&'()*+,:=@".chars() {
        assert_eq!(class_of(format!("a{mark}").as_bytes()), Some("{param:str}"), "{mark}");
    }
}

#[test]
fn endpoints_of_urls() {
    let cases = [
        ("http://host:8080/users/123/orders?q=/1", "/users/{param:int}/orders"),
        ("https://host", "/"),
        ("https://host/", "/"),
        ("https://host?x=/a", "/"),
        ("https://host#/a", "/"),
        ("/a//b/", "/a/b"),
        ("host/a/b", "/a/b"),
        ("http://h/1/2/3/4/5/6/7/8/9", "/1/2/3/4/5/6/7/8"),
        ("http://h/a/%20/b", "/a/{param:str}/b"),
        ("http://user:secret@h/a", "/a"),
        ("://", "/"),
        ("gr\u{fc}n", "/"),
    ];
    for (url, expected) in cases {
        let mut made = Vec::new();
        simplify(path_of(url.as_bytes()), &mut made);
        assert_eq!(String::from_utf8(made).unwrap(), expected, "{url}");
    }
}

fn endpoint(renaming: ResourceRenaming, span: RecordBuilder) -> Option<String> {
    let mut library = LibraryTags::new("web", "cpp");
    library.resource_renaming = renaming;
    let record = span.build();
    let mut endpoints = HttpEndpoint::default();
    endpoints.of_span(&library, &record.get()).map(|text| String::from_utf8(text.to_vec()).unwrap())
}

fn request() -> RecordBuilder {
    RecordBuilder::new().flags(flag::TOP_LEVEL).field(Field::Type, "web").text("http.url", "http://h/users/42?page=3")
}

#[test]
fn only_web_requests_that_enter_a_service_get_an_endpoint() {
    use ResourceRenaming::{Always, Off, WithoutRoute};
    let expected = Some("/users/{param:int}".to_owned());
    for span_type in ["web", "http", "serverless"] {
        assert_eq!(endpoint(WithoutRoute, request().field(Field::Type, span_type)), expected, "{span_type}");
    }
    for span_type in ["", "sql", "Web"] {
        assert_eq!(endpoint(Always, request().field(Field::Type, span_type)), None, "{span_type}");
    }
    assert_eq!(endpoint(Off, request()), None);
    assert_eq!(endpoint(Always, request().head(|head| head.flags = 0)), None);
    assert_eq!(endpoint(Always, request().text("http.url", "")), None);
    let routed = || request().text("http.route", "/users/:id");
    assert_eq!((endpoint(WithoutRoute, routed()), endpoint(Always, routed())), (None, expected.clone()));
    let not_found = [request().int("http.status_code", 404), request().text("http.status_code", "404")];
    assert!(not_found.into_iter().all(|span| endpoint(Always, span).is_none()));
    assert_eq!(endpoint(Always, request().text("http.status_code", "200")), expected);
}
