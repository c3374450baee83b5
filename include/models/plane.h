/*
 * plane.h - the control plane as a thing that can fail: what is down, what is
 * slow, who leads.
 */
#ifndef MODELS_PLANE_H
#define MODELS_PLANE_H
#include "models/client.h"

enum component {
#define COMPONENT(id, name, status, address) COMPONENT_##id,
#include "models/components.list"
#undef COMPONENT
    COMPONENT_COUNT
};

/* NULL-terminated, as users write them. */
extern const char *const component_names[COMPONENT_COUNT + 1];

struct plane;
struct world;

/* A control plane in which all is well. */
struct plane *plane_new(struct world *w);

/* A component ends, or its process is there again; several faults may hold it
 * down.  Not for kubelets (kubelet_stop). */
void plane_stop(struct world *w, enum component c, bool stopped);

/* A latency takes factor times as long from now on (1: as usual). */
void plane_slow(struct world *w, enum timing t, double factor);
double plane_factor(const struct plane *p, enum timing t);

/* Is there nobody who takes requests (no API server, or no etcd behind it)? */
bool plane_api_down(const struct world *w);

/* A request meets an API server that is down: it is sent again when that is
 * back. */
void plane_hold(struct world *w, struct call *call);

/* Note for explain what `kubectl get componentstatuses` would say; what: the
 * component, or the kubelet's node. */
void plane_say(struct world *w, enum component c, const char *what, bool well);

#endif
