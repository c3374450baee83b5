/*
 * mesh_fields.c - clients.mesh: what a scenario says of a sidecar.
 *
 * Names, units and defaults of Istio's VirtualService.retries and
 * DestinationRule.outlierDetection (API v1, 1.24); Envoy's where Istio has
 * none.  Conditions of gRPC are accepted: no request here meets them.
 */
#include <string.h>

#include "scenario_impl.h"
#include "base/field.h"
#include "models/mesh.h"

static const struct {
    const char *word;
    unsigned bit;               /* 0: never happens here */
} conditions[] = {
    { "connect-failure", MESH_CONNECT_FAILURE },
    { "reset", MESH_RESET },
    { "503", MESH_503 },
    { "retriable-status-codes", MESH_503 },
    { "gateway-error", MESH_503 | MESH_RESET | MESH_CONNECT_FAILURE },
    { "5xx", MESH_5XX },
    { "refused-stream", 0 },
    { "unavailable", 0 },
    { "cancelled", 0 },
};

/* The condition of n bytes at s; false if there is none such. */
static bool condition_at(const char *s, size_t n, unsigned *bits)
{
    for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++)
        if (strlen(conditions[i].word) == n &&
            strncmp(conditions[i].word, s, n) == 0) {
            *bits |= conditions[i].bit;
            return true;
        }
    return false;
}

/* Words with commas between them, as in Istio. */
static bool retry_on_parse(struct binder *b, const struct value *v, void *out)
{
    const char *s = value_text(v, NULL);
    unsigned bits = 0;

    if (!s) {
        field_expected(b, v, "words as in \"connect-failure,503\"");
        return false;
    }
    while (*s) {
        size_t n = strcspn(s, ",");
        size_t skip = strspn(s, " ");

        if (n > skip && !condition_at(s + skip, n - skip, &bits)) {
            field_expected(b, v, "connect-failure, reset, 503, gateway-error, "
                           "5xx, retriable-status-codes, refused-stream, "
                           "unavailable or cancelled, with commas between "
                           "them");
            return false;
        }
        s += n + (s[n] == ',');
    }
    *(unsigned *)out = bits;
    return true;
}

static void retry_on_schema(FILE *out)
{
    fputs("{\"type\": \"string\"}", out);
}

static const struct field outlier_fields[] = {
    FIELD(INT32, struct outlier_spec, consecutive, "consecutive5xxErrors",
          "5", 0, 1e6, "failures", "in a row that eject a pod: answered 5xx, "
          "or not at all; 0: none do"),
    FIELD(DURATION, struct outlier_spec, interval, "interval", "10s", 0.001,
          1e6, "s", "between sweeps that let pods back"),
    FIELD(DURATION, struct outlier_spec, base_ejection, "baseEjectionTime",
          "30s", 0.001, 1e6, "s", "how long a pod stays out; times the number "
          "of its ejections"),
    FIELD(DURATION, struct outlier_spec, max_ejection, "maxEjectionTime",
          "300s", 0.001, 1e6, "s", "but no longer (or baseEjectionTime, if "
          "that is longer)"),
    FIELD(SHARE, struct outlier_spec, max_share, "maxEjectionPercent", "10%",
          0, 1, "-", "of the pods that may be out at once"),
    FIELD(BOOL, struct outlier_spec, one_at_least, "alwaysEjectOneHost",
          "false", 0, 0, "-", "one may be, whatever that share (as in Envoy "
          "before 1.26)"),
    FIELD(SHARE, struct outlier_spec, min_health, "minHealthPercent", "0%", 0,
          1, "-", "with fewer pods in, those that are out are used too"),
    FIELD_END
};

static const char *const balancer_names[] = {
    "leastRequest", "roundRobin", "random", NULL,
};

const struct field mesh_fields[] = {
    FIELD_ENUM(struct mesh_spec, balancer, "balancer", "leastRequest",
               balancer_names, "which pod gets a request: of two at random "
               "the one with fewer from this sidecar, one after the other, or "
               "any"),
    FIELD(INT32, struct mesh_spec, attempts, "attempts", "2", 0, 100, "-",
          "retries of the sidecar after a try failed, at another pod"),
    FIELD_CUSTOM(struct mesh_spec, retry_on, "retryOn",
                 "connect-failure,refused-stream,unavailable,cancelled,503",
                 retry_on_parse, retry_on_schema, "-", "what is tried again: "
                 "connect-failure, reset, 503, gateway-error, 5xx"),
    FIELD(DURATION, struct mesh_spec, connect_timeout, "connectTimeout",
          "10s", 0.001, 3600, "s", "how long the sidecar waits for a "
          "connection"),
    FIELD(DURATION, struct mesh_spec, per_try, "perTryTimeout", "0s", 0, 3600,
          "s", "and for the answer to a try; 0: as long as the client does"),
    FIELD_SUB(OPTIONAL, struct mesh_spec, outlier, "outlierDetection",
              outlier_fields, struct outlier_spec, "pods that fail are left "
              "alone for a while; absent: no"),
    FIELD_END
};
