/*
 * slow.c - a part of the cluster takes longer than usual.
 *
 * registry: image pulls and checks that begin meanwhile take `factor` times
 * as long.
 */
#include "models/fault.h"
#include "models/kubelet.h"
#include "models/world.h"

enum part { PART_REGISTRY };

struct slow {
    int part;
    double factor;
};

static const char *const parts[] = { "registry", NULL };

static const struct field slow_fields[] = {
    FIELD_ENUM(struct slow, part, "slow", "registry", parts,
               "what takes longer"),
    FIELD(REAL, struct slow, factor, "factor", "5", 1, 1e6, "-",
          "how many times as long"),
    FIELD_END
};

static void strike(struct world *w, const void *fault, struct stream *luck)
{
    (void)luck;
    kubelets_slow_registry(w, ((const struct slow *)fault)->factor);
}

static void heal(struct world *w, const void *fault)
{
    (void)fault;
    kubelets_slow_registry(w, 1);
}

const struct fault_ops fault_slow = {
    .name = "slow", .doc = "a part of the cluster takes longer",
    .fields = slow_fields, .spec_size = sizeof(struct slow),
    .strike = strike, .heal = heal,
};
