use super::*;

#[track_caller]
fn load_toml(toml: &str, flags: &[(&str, Value)]) -> Result<Loaded, String> {
    let file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
    std::fs::write(file.path(), toml).unwrap();
    load(Some(file.path()), flags).map_err(|e| e.to_string())
}

#[test]
fn flags_go_over_the_file_and_the_file_over_defaults() {
    let loaded = load_toml("[serve]\nport = 9000\nhost = '::1'\n", &[("serve.port", 9001.into())]).unwrap();
    assert_eq!((loaded.config.serve.port, loaded.config.serve.host.as_str()), (9001, "::1"));
    let from = |key: &str| loaded.explain().into_iter().find(|(k, ..)| k == key).unwrap().2;
    assert_eq!((from("serve.port"), from("shop.name")), ("command line".into(), "default".into()));
    assert!(from("serve.host").ends_with(".toml"));
}

#[test]
fn an_unknown_key_suggests_the_nearest() {
    let error = |toml: &str| load_toml(toml, &[]).map(|_| ()).unwrap_err();
    let told = error("[serve]\nprot = 1\n");
    assert!(told.contains("'serve.prot'") && told.contains("did you mean 'serve.port'"), "{told}");
    let told = error("data_dri = 'x'\n");
    assert!(told.contains("did you mean 'data_dir'"), "{told}");
    let told = error("[serve]\nport = 'many'\n");
    assert!(told.contains("serve.port"), "{told}");
}

#[test]
fn the_log_has_room_for_two_of_its_files() {
    let error = |toml: &str| load_toml(toml, &[]).err();
    assert!(error("[storage]\nlog_max_mib = 255\n").is_some_and(|told| told.contains("log_max_mib is 255")));
    assert_eq!(error("[storage]\nlog_max_mib = 256\n"), None);
    assert_eq!(error("[storage]\nlog_max_mib = 2\nlog_segment_mib = 1\n"), None);
}

#[test]
fn the_gates_targets_are_times_that_somebody_waits() {
    let error = |toml: &str| load_toml(toml, &[]).err();
    for (setting, value) in [("lag_target_ms", 0), ("queue_target_ms", 0), ("lag_target_ms", 30_001)] {
        let told = error(&format!("[storage]\n{setting} = {value}\n"));
        assert!(told.is_some_and(|told| told.contains(&format!("{setting} is {value}"))));
    }
    assert_eq!(error("[storage]\nlag_target_ms = 1\nqueue_target_ms = 30000\n"), None);
}

#[test]
fn other_machines_need_keys() {
    let open = load_toml("[serve]\nhost='0.0.0.0'\n", &[]).unwrap();
    assert!(open.check_exposure(false).unwrap_err().to_string().contains("collect.write_keys"));
    let closed = "serve={host='0.0.0.0'}\ncollect={write_keys=['w']}\napi={keys=['k']}\n";
    assert!(load_toml(closed, &[]).unwrap().check_exposure(false).is_ok());
    assert!(load_toml(closed, &[]).unwrap().check_exposure(true).is_err());
}
