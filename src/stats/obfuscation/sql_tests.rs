use super::*;

fn made(statement: &str, mode: SqlMode) -> String {
    let mut out = Vec::new();
    obfuscate(statement.as_bytes(), mode, &mut out);
    String::from_utf8(out).unwrap()
}

fn normal(statement: &str) -> String {
    made(statement, SqlMode::ObfuscateAndNormalize)
}

#[test]
fn vectors() {
    let cases = [
        ("SELECT * FROM TABLE WHERE userId IN ('a', 'b', 'c')", "SELECT * FROM TABLE WHERE userId IN ( ? )"),
        ("INSERT INTO VALUE (col1,col2) VALUES ('a',1)", "INSERT INTO VALUE ( col1, col2 ) VALUES ( ? )"),
        ("SELECT 3 AS N,A0.ID FROM X A0", "SELECT ?, A0.ID FROM X A0"),
        ("1 - 2", "? - ?"),
        ("-- c", ""),
        ("", ""),
        ("  \t\n", ""),
    ];
    for (statement, expected) in cases {
        assert_eq!(normal(statement), expected, "{statement}");
    }
}

#[test]
fn values_of_every_form_are_replaced() {
    let values = [
        "42",
        "-1",
        ".5",
        "-.5",
        "1.5e-3",
        "1E9",
        "0x1fF",
        "'it''s'",
        "'it\\'s'",
        "''",
        "NULL",
        "true",
        "False",
        "?",
        "$1",
        "%s",
        "%(name)s",
        "$$a'b$$",
        "$f$ a $ b $f$",
        "{'class': {'a': 3}}",
        "'gr\u{fc}n'",
    ];
    for value in values {
        assert_eq!(
            normal(&format!("SELECT a FROM t WHERE b={value} AND c = d")),
            "SELECT a FROM t WHERE b = ? AND c = d",
            "{value}"
        );
    }
}

#[test]
fn names_stay() {
    let cases = [
        ("select * from `back ticks` where \"id\" = 42", "select * from back ticks where id = ?"),
        ("SELECT `host`.`address` FROM \"host\"", "SELECT host . address FROM host"),
        ("SELECT a.* FROM ec2_status a", "SELECT a.* FROM ec2_status a"),
        (
            "SELECT * FROM t WHERE a = :title AND b = @b AND c = :0_USER",
            "SELECT * FROM t WHERE a = :title AND b = @b AND c = :0_USER",
        ),
        ("SELECT 'x'::text", "SELECT ? :: text"),
        ("SET @a:=1", "SET @a := ?"),
        ("SELECT [b].[Id] FROM [B] AS [b c] ORDER BY [b].[Id]", "SELECT [ b ] . [ Id ] FROM [ B ] ORDER BY [ b ] . [ Id ]"),
        ("select * from table#.host", "select * from table#.host"),
        ("select * from some$dollar$filled$$;", "select * from some$dollar$filled$$"),
        ("OUTPUT $action, inserted.*;", "OUTPUT $action, inserted.*"),
        ("SELECT A\u{f1}o FROM \u{69cb}", "SELECT A\u{f1}o FROM \u{69cb}"),
    ];
    for (statement, expected) in cases {
        assert_eq!(normal(statement), expected, "{statement}");
    }
}

#[test]
fn a_name_in_double_quotes_is_a_value_behind_an_equals_sign() {
    assert_eq!(normal("update t set a = \"x\", b = \"\" where \"c\" = d"), "update t set a = ? b = ? where c = d");
    assert_eq!(normal("SAVEPOINT \"s139\""), "SAVEPOINT ?");
    assert_eq!(normal("savepoint s139"), "savepoint ?");
}

#[test]
fn comments_vanish() {
    let cases = [
        ("-- user\n--\n select 1 # rest", "select ?"),
        ("SELECT /*! STRAIGHT_JOIN */ c /* a\nb */ FROM t // end", "SELECT c FROM t"),
        ("SELECT 1 /*, ", "SELECT ?"),
        ("/* a /* b */ c", "c"),
        ("SELECT a /**/ , b", "SELECT a, b"),
    ];
    for (statement, expected) in cases {
        assert_eq!(normal(statement), expected, "{statement}");
    }
}

#[test]
fn lists_of_values_become_one() {
    let cases = [
        ("LIMIT 15,20;", "LIMIT ?"),
        ("a = ANY(array[21, 25])", "a = ANY ( array [ ? ] )"),
        ("INSERT INTO u (a) VALUES ('F','S'), ('J','S') , (?, ?)", "INSERT INTO u ( a ) VALUES ( ? )"),
        ("VALUES (1,2),(3,4) ON CONFLICT DO NOTHING", "VALUES ( ? ) ON CONFLICT DO NOTHING"),
        ("IN ((1,2),(3,4)) AND a", "IN ( ( ? ) ) AND a"),
        ("VALUES (1), (SELECT a FROM b)", "VALUES ( ? ) ( SELECT a FROM b )"),
        ("f(1, 2, 3)", "f ( ? )"),
        ("ROW(5*t2.s1,77)=(SELECT 50,11*s1)", "ROW ( ? * t2.s1, ? ) = ( SELECT ? * s1 )"),
        ("SET a = 1, b = 2", "SET a = ? b = ?"),
        ("LEAST((5040000 - @r), v)", "LEAST ( ( ? - @r ), v )"),
    ];
    for (statement, expected) in cases {
        assert_eq!(normal(statement), expected, "{statement}");
    }
}

#[test]
fn aliases_vanish() {
    let cases = [
        ("SELECT username AS person FROM users WHERE id=4", "SELECT username FROM users WHERE id = ?"),
        ("SELECT a as `b``}` FROM p", "SELECT a FROM p"),
        ("SELECT CAST (q AS BIGINT) AS s", "SELECT CAST ( q )"),
        ("SELECT * FROM (VALUES (1, 'dog')) AS d (id, animal)", "SELECT * FROM ( VALUES ( ? ) ) ( id, animal )"),
        ("CREATE FUNCTION add(integer) AS 'select $1;' LANGUAGE SQL", "CREATE FUNCTION add ( integer ) LANGUAGE SQL"),
    ];
    for (statement, expected) in cases {
        assert_eq!(normal(statement), expected, "{statement}");
    }
}

#[test]
fn both_ways_of_escaping_quotes_are_understood() {
    assert_eq!(normal(r"WHERE a = 'C:\' AND b = 1"), "WHERE a = ? AND b = ?");
    assert_eq!(normal(r"WHERE a = 'it\'s' AND b = 1"), "WHERE a = ? AND b = ?");
}

#[test]
fn the_other_modes_do_one_half_each() {
    let statement = "SELECT a  AS b /* c */ FROM \"t\" WHERE d IN (1, 'x')";
    assert_eq!(made(statement, SqlMode::ObfuscateOnly), "SELECT a  AS b /* c */ FROM \"t\" WHERE d IN (?, ?)");
    assert_eq!(made(statement, SqlMode::NormalizeOnly), "SELECT a FROM t WHERE d IN ( 1, 'x' )");
    assert_eq!(SqlMode::of_name("obfuscate_only"), SqlMode::ObfuscateOnly);
    assert_eq!(SqlMode::of_name("normalize_only"), SqlMode::NormalizeOnly);
    for name in ["", "obfuscate_and_normalize", "other"] {
        assert_eq!(SqlMode::of_name(name), SqlMode::ObfuscateAndNormalize);
    }
}

#[test]
fn what_is_no_sql_does_no_harm() {
    let hostile = [
        "'",
        "\"",
        "`",
        "'''",
        "/*",
        "*/",
        "/*/*",
        "--",
        "$",
        "$$",
        "$a$",
        "%(",
        "%",
        "{",
        "{{{}",
        "}",
        "((((",
        "))))",
        "AS",
        "AS [",
        "AS AS AS",
        "0x",
        "1e",
        "1e+",
        ".",
        "..",
        "-",
        "-.",
        ":",
        "::",
        "@",
        "@@",
        "\\",
        "'\\",
        "'\\'",
        "\u{0}",
        "SAVEPOINT",
        "=\"",
        "?,?,(?),((?",
        ",,,",
    ];
    for one in hostile {
        for other in hostile {
            for mode in [SqlMode::ObfuscateAndNormalize, SqlMode::ObfuscateOnly, SqlMode::NormalizeOnly] {
                made(&format!("{one}{other}"), mode);
                made(&format!("a {one} b {other} 'c'"), mode);
            }
        }
    }
}

#[test]
fn secrets_in_texts_without_an_end_are_replaced() {
    assert_eq!(normal("SELECT 'secret"), "SELECT ?");
    assert_eq!(normal("SELECT $x$secret"), "SELECT ?");
    assert_eq!(normal("SELECT {'secret'"), "SELECT ?");
}

#[test]
fn a_megabyte_takes_no_longer_than_its_length() {
    let patterns = ["(", "'a' ", "/*", "$a$", "$a", "'\\", "a,1,", "AS [", "{", "((1),", "%(", "\"`'", "-", "@@", "\u{fc}"];
    let began = std::time::Instant::now();
    for pattern in patterns {
        let statement = pattern.repeat((1 << 20) / pattern.len());
        assert!(normal(&statement).len() <= 3 * statement.len(), "{pattern}");
        let shorter = pattern.repeat((1 << 14) / pattern.len());
        made(&shorter, SqlMode::ObfuscateOnly);
        made(&shorter, SqlMode::NormalizeOnly);
    }
    // One that looks at a byte again and again would take hours.
    assert!(began.elapsed().as_secs() < 60);
}
