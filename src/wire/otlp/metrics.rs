//! Metrics as far as the library sends any: histograms of one interval.

use super::json_forms::{all_as_text, as_text};
use super::messages::{KeyValue, Resource};
use prost::Message;
use serde::Serialize;

/// A request.
#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricsRequest {
    /// One for each resource.
    #[prost(message, repeated, tag = "1")]
    pub resource_metrics: Vec<ResourceMetrics>,
}

/// The metrics of a resource.
#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceMetrics {
    /// What the metrics come from.
    #[prost(message, optional, tag = "1")]
    pub resource: Option<Resource>,
    /// One for each library that makes metrics.
    #[prost(message, repeated, tag = "2")]
    pub scope_metrics: Vec<ScopeMetrics>,
}

/// The metrics that one library made.
#[derive(Clone, PartialEq, Message, Serialize)]
pub struct ScopeMetrics {
    /// The metrics.
    #[prost(message, repeated, tag = "2")]
    pub metrics: Vec<Metric>,
}

/// A metric.
#[derive(Clone, PartialEq, Message, Serialize)]
pub struct Metric {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// The unit of its values.
    #[prost(string, tag = "3")]
    pub unit: String,
    /// Its points.
    #[prost(message, optional, tag = "9")]
    pub histogram: Option<Histogram>,
}

/// The points of a histogram.
#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Histogram {
    /// The points.
    #[prost(message, repeated, tag = "1")]
    pub data_points: Vec<HistogramPoint>,
    /// What the points are relative to: [`DELTA`].
    #[prost(int32, tag = "2")]
    pub aggregation_temporality: i32,
}

/// Each point stands for its own interval.
pub const DELTA: i32 = 1;

/// What was counted in one interval under the same attributes.
#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HistogramPoint {
    /// Begin of the interval, Unix time.
    #[prost(fixed64, tag = "2")]
    #[serde(serialize_with = "as_text")]
    pub start_time_unix_nano: u64,
    /// End of the interval, Unix time.
    #[prost(fixed64, tag = "3")]
    #[serde(serialize_with = "as_text")]
    pub time_unix_nano: u64,
    /// How many values.
    #[prost(fixed64, tag = "4")]
    #[serde(serialize_with = "as_text")]
    pub count: u64,
    /// Their sum.
    #[prost(double, optional, tag = "5")]
    pub sum: Option<f64>,
    /// How many of them are in which range: one more than there are bounds.
    #[prost(fixed64, repeated, tag = "6")]
    #[serde(serialize_with = "all_as_text")]
    pub bucket_counts: Vec<u64>,
    /// The upper bounds of the ranges, each of which belongs to its range.
    #[prost(double, repeated, tag = "7")]
    pub explicit_bounds: Vec<f64>,
    /// What the values have in common.
    #[prost(message, repeated, tag = "9")]
    pub attributes: Vec<KeyValue>,
    /// The least value.
    #[prost(double, optional, tag = "11")]
    pub min: Option<f64>,
    /// The greatest value.
    #[prost(double, optional, tag = "12")]
    pub max: Option<f64>,
}

impl MetricsRequest {
    /// The request for one histogram.
    pub fn of_histogram(resource: Vec<KeyValue>, name: &str, unit: &str, points: Vec<HistogramPoint>) -> Self {
        let histogram = Histogram { data_points: points, aggregation_temporality: DELTA };
        let metric = Metric { name: name.to_owned(), unit: unit.to_owned(), histogram: Some(histogram) };
        let resource = Resource { attributes: resource, ..Resource::default() };
        let scope_metrics = vec![ScopeMetrics { metrics: vec![metric] }];
        MetricsRequest { resource_metrics: vec![ResourceMetrics { resource: Some(resource), scope_metrics }] }
    }

    /// As protobuf.
    pub fn to_protobuf(&self) -> Vec<u8> {
        self.encode_to_vec()
    }

    /// As JSON.
    pub fn to_json(&self) -> Vec<u8> {
        // Nothing in the messages can fail to be written.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn request() -> MetricsRequest {
        let point = HistogramPoint {
            start_time_unix_nano: 1_700_000_000_000_000_000,
            time_unix_nano: 1_700_000_010_000_000_000,
            count: 2,
            sum: Some(0.5),
            bucket_counts: vec![0, 2],
            explicit_bounds: vec![0.1],
            attributes: vec![KeyValue::text("service.name", "web")],
            min: Some(0.25),
            max: Some(0.25),
        };
        MetricsRequest::of_histogram(vec![KeyValue::text("service.name", "web")], "duration", "s", vec![point])
    }

    #[test]
    fn json_has_64_bit_integers_as_texts() {
        let attributes = json!([{ "key": "service.name", "value": { "stringValue": "web" } }]);
        let point = json!({
            "startTimeUnixNano": "1700000000000000000",
            "timeUnixNano": "1700000010000000000",
            "count": "2",
            "sum": 0.5,
            "bucketCounts": ["0", "2"],
            "explicitBounds": [0.1],
            "attributes": attributes,
            "min": 0.25,
            "max": 0.25,
        });
        let metric =
            json!({ "name": "duration", "unit": "s", "histogram": { "dataPoints": [point], "aggregationTemporality": 1 } });
        let expected = json!({ "resourceMetrics": [{ "resource": { "attributes": attributes }, "scopeMetrics": [{ "metrics": [metric] }] }] });
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&request().to_json()).unwrap(), expected);
    }

    #[test]
    fn protobuf_has_the_field_numbers_of_the_protocol() {
        let bytes = request().to_protobuf();
        assert_eq!(MetricsRequest::decode(bytes.as_slice()).unwrap(), request());
        let point =
            request().resource_metrics[0].scope_metrics[0].metrics[0].histogram.as_ref().unwrap().data_points[0].encode_to_vec();
        let mut expected = vec![0x11];
        expected.extend_from_slice(&1_700_000_000_000_000_000u64.to_le_bytes());
        expected.push(0x19);
        expected.extend_from_slice(&1_700_000_010_000_000_000u64.to_le_bytes());
        expected.extend_from_slice(&[0x21, 2, 0, 0, 0, 0, 0, 0, 0, 0x29]);
        expected.extend_from_slice(&0.5f64.to_le_bytes());
        expected.extend_from_slice(&[0x32, 16, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0x3a, 8]);
        expected.extend_from_slice(&0.1f64.to_le_bytes());
        expected.extend_from_slice(b"\x4a\x15\x0a\x0cservice.name\x12\x05\x0a\x03web\x59");
        expected.extend_from_slice(&0.25f64.to_le_bytes());
        expected.push(0x61);
        expected.extend_from_slice(&0.25f64.to_le_bytes());
        assert_eq!(point, expected);
    }
}
