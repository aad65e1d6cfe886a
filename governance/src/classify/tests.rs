use super::Rules;

#[test]
fn the_shipped_rules_are_valid() {
    let rules = Rules::built_in();
    assert!(rules.len() > 50, "{}", rules.len());
}
