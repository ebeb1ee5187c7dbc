//! What the program is made of: dependencies, integrations, products, HTTP endpoints. Known things are told once, and again with the extended
//! heartbeat.

use super::input::{Refusal, name, optional};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A library that the program uses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Dependency {
    name: String,
    version: Option<String>,
}

/// An integration with a library.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Integration {
    /// Its name.
    pub name: String,
    /// Whether it works.
    pub enabled: bool,
    /// The version of the library.
    pub version: Option<String>,
    /// Whether that version is one that it knows.
    pub compatible: Option<bool>,
    /// Whether nobody asked for it.
    pub auto_enabled: Option<bool>,
    /// Why it does not work.
    pub error: Option<String>,
}

/// A product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Product {
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    enabled: bool,
    error: Option<ProductError>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct ProductError {
    code: i32,
    message: String,
}

/// An HTTP endpoint that the program offers.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Endpoint {
    /// `REST` and the like.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The HTTP method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The path, with its parameters by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The name that its spans have.
    pub operation_name: String,
    /// The resource that its spans have.
    pub resource_name: String,
    /// Media types that it takes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub request_body_type: Vec<String>,
    /// Media types that it answers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub response_body_type: Vec<String>,
    /// Statuses that it answers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub response_code: Vec<i32>,
    /// How callers are known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authentication: Vec<String>,
}

/// No more are known, and no more wait.
const MOST: usize = 5000;
const MOST_ENDPOINTS: usize = 10_000;
/// Most items of one message.
pub(super) const MOST_ITEMS: usize = 2000;
const MOST_LIST_ITEMS: usize = 20;
const MOST_PRODUCTS: usize = 100;
/// The product that is always told of, and those that are off unless somebody says otherwise.
const PRODUCTS: [&str; 3] = ["appsec", "profiler", "dynamic_instrumentation"];

pub(super) struct Inventory {
    dependencies: BTreeSet<Dependency>,
    new_dependencies: VecDeque<Dependency>,
    integrations: Vec<Integration>,
    new_integrations: VecDeque<Integration>,
    pub(super) products: BTreeMap<String, Product>,
    products_changed: bool,
    endpoints: BTreeSet<Endpoint>,
    new_endpoints: VecDeque<Endpoint>,
    endpoints_were_told: bool,
    pub(super) dropped: u64,
}

impl Default for Inventory {
    fn default() -> Self {
        let off = |product: &str| (product.to_owned(), Product { version: None, enabled: false, error: None });
        Inventory {
            dependencies: BTreeSet::new(),
            new_dependencies: VecDeque::new(),
            integrations: Vec::new(),
            new_integrations: VecDeque::new(),
            products: PRODUCTS.into_iter().map(off).collect(),
            products_changed: false,
            endpoints: BTreeSet::new(),
            new_endpoints: VecDeque::new(),
            endpoints_were_told: false,
            dropped: 0,
        }
    }
}

impl Inventory {
    /// Notes a dependency; one that is known is not told again.
    pub(super) fn add_dependency(&mut self, given: &str, version: &str) -> Result<(), Refusal> {
        let dependency = Dependency { name: name(given)?, version: optional(version) };
        if self.dependencies.contains(&dependency) {
            return Ok(());
        }
        if self.dependencies.len() < MOST {
            self.dependencies.insert(dependency.clone());
        }
        self.dropped += push(&mut self.new_dependencies, dependency, MOST);
        Ok(())
    }

    /// Notes an integration; of what is not told yet, the last word about it counts. Returns it cleaned, if that word is a new one.
    pub(super) fn add_integration(&mut self, given: Integration) -> Result<Option<Integration>, Refusal> {
        let clean = |text: Option<String>| text.as_deref().and_then(optional);
        let (version, error) = (clean(given.version), clean(given.error));
        let integration = Integration { name: name(&given.name)?, version, error, ..given };
        let is_same = |known: &Integration| known.name == integration.name && known.version == integration.version;
        let has_room = self.integrations.len() < MOST;
        match self.integrations.iter_mut().find(|known| is_same(known)) {
            Some(known) if *known == integration => return Ok(None),
            Some(known) => *known = integration.clone(),
            None if has_room => self.integrations.push(integration.clone()),
            None => {}
        }
        self.new_integrations.retain(|known| !is_same(known));
        self.dropped += push(&mut self.new_integrations, integration.clone(), MOST);
        Ok(Some(integration))
    }

    /// Notes the state of a product. `true`: it is another one.
    pub(super) fn set_product(
        &mut self,
        given: &str,
        enabled: bool,
        version: &str,
        code: i32,
        error: &str,
    ) -> Result<bool, Refusal> {
        let given = name(given)?;
        let error = (code != 0 || !error.is_empty()).then(|| ProductError { code, message: optional(error).unwrap_or_default() });
        let product = Product { version: optional(version), enabled, error };
        if self.products.get(&given) == Some(&product) {
            return Ok(false);
        }
        if !self.products.contains_key(&given) && self.products.len() >= MOST_PRODUCTS {
            self.dropped += 1;
            return Err(Refusal::Full);
        }
        self.products.insert(given, product);
        self.products_changed = true;
        Ok(true)
    }

    /// Notes that a product is on or off now. `true`: that is new.
    pub(super) fn switch_product(&mut self, name: &str, enabled: bool) -> bool {
        if !self.products.contains_key(name) && self.products.len() >= MOST_PRODUCTS {
            self.dropped += 1;
            return false;
        }
        let off = Product { version: None, enabled: false, error: None };
        let product = self.products.entry(name.to_owned()).or_insert(off);
        if product.enabled == enabled {
            return false;
        }
        product.enabled = enabled;
        self.products_changed = true;
        true
    }

    /// Notes an endpoint; one that is known is not told again.
    pub(super) fn add_endpoint(&mut self, given: Endpoint) -> Result<(), Refusal> {
        let clean = |text: Option<String>| text.as_deref().and_then(optional);
        let list = |items: Vec<String>| items.iter().filter_map(|item| optional(item)).take(MOST_LIST_ITEMS).collect();
        let endpoint = Endpoint {
            kind: clean(given.kind),
            method: clean(given.method),
            path: clean(given.path),
            operation_name: name(&given.operation_name)?,
            resource_name: name(&given.resource_name)?,
            request_body_type: list(given.request_body_type),
            response_body_type: list(given.response_body_type),
            response_code: given.response_code.into_iter().take(MOST_LIST_ITEMS).collect(),
            authentication: list(given.authentication),
        };
        if self.endpoints.contains(&endpoint) {
            return Ok(());
        }
        if self.endpoints.len() >= MOST_ENDPOINTS {
            self.dropped += 1;
            return Err(Refusal::Full);
        }
        self.endpoints.insert(endpoint.clone());
        self.dropped += push(&mut self.new_endpoints, endpoint, MOST_ENDPOINTS);
        Ok(())
    }

    pub(super) fn take_dependencies(&mut self) -> Vec<Dependency> {
        self.new_dependencies.drain(..).collect()
    }

    pub(super) fn take_integrations(&mut self) -> Vec<Integration> {
        self.new_integrations.drain(..).collect()
    }

    /// Whether products changed since somebody asked.
    pub(super) fn take_products_changed(&mut self) -> bool {
        std::mem::take(&mut self.products_changed)
    }

    /// New endpoints, and whether they are the first ones of the session.
    pub(super) fn take_endpoints(&mut self, most: usize) -> Option<(bool, Vec<Endpoint>)> {
        let count = self.new_endpoints.len().min(most.max(1));
        if count == 0 {
            return None;
        }
        let is_first = !std::mem::replace(&mut self.endpoints_were_told, true);
        Some((is_first, self.new_endpoints.drain(..count).collect()))
    }

    pub(super) fn dependencies(&self) -> Vec<&Dependency> {
        self.dependencies.iter().collect()
    }

    pub(super) fn integrations(&self) -> &[Integration] {
        &self.integrations
    }

    pub(super) fn pending(&self) -> usize {
        self.new_dependencies.len() + self.new_integrations.len() + self.new_endpoints.len() + usize::from(self.products_changed)
    }
}

/// Adds an item; returns how many had to go.
fn push<T>(queue: &mut VecDeque<T>, item: T, most: usize) -> u64 {
    let is_full = queue.len() >= most;
    if is_full {
        queue.pop_front();
    }
    queue.push_back(item);
    u64::from(is_full)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn json(value: &impl Serialize) -> Value {
        serde_json::to_value(value).unwrap()
    }

    #[test]
    fn a_dependency_is_told_once() {
        let mut inventory = Inventory::default();
        for _ in 0..2 {
            inventory.add_dependency("openssl", "3.0").unwrap();
            inventory.add_dependency("zlib", "").unwrap();
        }
        let told = json(&inventory.take_dependencies());
        assert_eq!(told, json!([{"name": "openssl", "version": "3.0"}, {"name": "zlib", "version": null}]));
        inventory.add_dependency("zlib", "").unwrap();
        assert!(inventory.take_dependencies().is_empty());
        assert_eq!(inventory.dependencies().len(), 2);
        assert_eq!(inventory.add_dependency(" ", "1"), Err(Refusal::Name));
    }

    #[test]
    fn the_last_word_on_an_integration_counts() {
        let mut inventory = Inventory::default();
        let integration = |enabled, error: Option<&str>| Integration {
            name: "http".to_owned(),
            enabled,
            error: error.map(str::to_owned),
            ..Integration::default()
        };
        inventory.add_integration(integration(true, None)).unwrap();
        inventory.add_integration(integration(false, Some("too old"))).unwrap();
        let expected = json!([{
            "name": "http", "enabled": false, "version": null, "compatible": null, "auto_enabled": null, "error": "too old"
        }]);
        assert_eq!(json(&inventory.take_integrations()), expected);
        inventory.add_integration(integration(false, Some("too old"))).unwrap();
        assert!(inventory.take_integrations().is_empty());
        assert_eq!(inventory.integrations().len(), 1);
    }

    #[test]
    fn products_are_off_until_somebody_says_otherwise() {
        let mut inventory = Inventory::default();
        assert_eq!(json(&inventory.products)["appsec"], json!({"enabled": false, "error": null}));
        assert_eq!(inventory.set_product("appsec", true, "1.0", 0, ""), Ok(true));
        assert_eq!(inventory.set_product("appsec", true, "1.0", 0, ""), Ok(false));
        assert!(inventory.take_products_changed() && !inventory.take_products_changed());
        inventory.set_product("profiler", false, "", 3, "no perf").unwrap();
        let products = json(&inventory.products);
        assert_eq!(products["appsec"], json!({"version": "1.0", "enabled": true, "error": null}));
        assert_eq!(products["profiler"]["error"], json!({"code": 3, "message": "no perf"}));
    }

    #[test]
    fn endpoints_come_in_parts_and_the_first_says_so() {
        let mut inventory = Inventory::default();
        for n in 0..5 {
            let endpoint = Endpoint {
                method: Some("GET".to_owned()),
                operation_name: "http.request".to_owned(),
                resource_name: format!("GET /{n}"),
                ..Endpoint::default()
            };
            inventory.add_endpoint(endpoint.clone()).unwrap();
            inventory.add_endpoint(endpoint).unwrap();
        }
        let (is_first, part) = inventory.take_endpoints(3).unwrap();
        let first = json!({"method": "GET", "operation_name": "http.request", "resource_name": "GET /0"});
        assert_eq!((is_first, part.len(), json(&part[0])), (true, 3, first));
        assert_eq!(inventory.take_endpoints(3).map(|(is_first, part)| (is_first, part.len())), Some((false, 2)));
        assert!(inventory.take_endpoints(3).is_none());
        assert_eq!(inventory.add_endpoint(Endpoint::default()), Err(Refusal::Name));
    }

    #[test]
    fn everything_is_bounded() {
        let mut inventory = Inventory::default();
        (0..MOST + 3).for_each(|n| inventory.add_dependency(&format!("d{n}"), "").unwrap());
        assert_eq!((inventory.dependencies().len(), inventory.take_dependencies().len(), inventory.dropped), (MOST, MOST, 3));
    }
}
