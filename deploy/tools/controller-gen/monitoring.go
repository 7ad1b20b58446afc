// Package monitoring holds on to the Prometheus operator's own types: its schemas are generated from them.
package monitoring

import _ "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
