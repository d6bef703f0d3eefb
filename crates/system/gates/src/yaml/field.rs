//! A field of a document and its place, for rules that must work while other fields are broken.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// A field, present or not. Its place is written in the usual notation: `objectives.forbid_zones[1].min[0]`.
#[derive(Debug, Clone)]
pub(crate) struct Field<'a> {
    value: Option<&'a Value>,
    place: String,
}

impl<'a> Field<'a> {
    /// The whole document.
    pub(crate) fn root(document: &'a Value) -> Self {
        Self { value: Some(document), place: String::new() }
    }

    /// The field below this one.
    pub(crate) fn at(&self, key: &str) -> Self {
        let place = if self.place.is_empty() { key.to_owned() } else { format!("{}.{key}", self.place) };
        Self { value: self.value.and_then(|value| value.get(key)), place }
    }

    /// The elements, when this is a list.
    pub(crate) fn items(&self) -> Vec<Self> {
        let list = self.value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let place = |index: usize| format!("{}[{index}]", self.place);
        list.iter().enumerate().map(|(index, item)| Self { value: Some(item), place: place(index) }).collect()
    }

    /// Path from the root of the document.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// The last step of the path.
    pub(crate) fn key(&self) -> &str {
        self.place.rsplit('.').next().unwrap_or_default()
    }

    /// The value; `null` counts as absent.
    pub(crate) fn value(&self) -> Option<&'a Value> {
        self.value.filter(|value| !value.is_null())
    }

    /// True when the field is missing or `null`.
    pub(crate) fn is_absent(&self) -> bool {
        self.value().is_none()
    }

    /// The number, when it is one.
    pub(crate) fn number(&self) -> Option<f64> {
        self.value.and_then(Value::as_f64)
    }

    /// The text; a number or a truth value counts as its spelling, as typed readers of YAML do.
    pub(crate) fn text(&self) -> Option<String> {
        match self.value? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(truth) => Some(truth.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// The value as a type, when it fits.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Option<T> {
        T::deserialize(self.value()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_have_a_path_even_when_absent() {
        let document = json!({"a": {"b": [{"c": 1}, {"c": 2.5}], "n": null}});
        let a = Field::root(&document).at("a");
        let items = a.at("b").items();
        assert_eq!(items[1].at("c").place(), "a.b[1].c");
        assert_eq!((items[1].at("c").number(), items[1].at("c").text()), (Some(2.5), Some("2.5".into())));
        assert_eq!((items[1].key(), a.at("x").at("y").place()), ("b[1]", "a.x.y"));
        assert!(a.at("n").is_absent() && a.at("x").items().is_empty());
        assert_eq!(items[0].at("c").read::<f64>(), Some(1.0));
    }
}
