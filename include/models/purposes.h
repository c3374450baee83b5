/*
 * purposes.h - what a random stream is for (kernel/rng.h: stream_init).
 *
 * The entity beside each is an ordinal in the thing's own history, so that
 * strategies share their luck.  Never renumber: results would change.
 */
#ifndef MODELS_PURPOSES_H
#define MODELS_PURPOSES_H

enum purpose {
    PURPOSE_NONE,
    PURPOSE_POD,            /* pod entity: start-up, crash, shutdown times */
    PURPOSE_KUBELET,        /* pod entity: phases of the node's loops */
    PURPOSE_TIMING,         /* component: latencies of control-plane steps */
    PURPOSE_SCHEDULER,      /* ties between nodes */
    PURPOSE_UID,            /* object ordinal: names and uid order */
    PURPOSE_ARRIVAL,        /* client class: times of arrival */
    PURPOSE_REQUEST,        /* client class: what request i is */
    PURPOSE_BALANCER,       /* node: which endpoint */
    PURPOSE_PROXY,          /* node: sync times */
    PURPOSE_FAULT,          /* fault: when and whom */
    PURPOSE_PULL,           /* node and image */
    PURPOSE_BOOTSTRAP,      /* statistics */
    PURPOSE_OPERATOR,       /* people: reaction times */
    PURPOSE_ANALYSIS,       /* monitoring: when it reads, what it loses */
    PURPOSE_LEASE,          /* node: when it renews its lease */
    PURPOSE_DAEMON,         /* in which order DaemonSets look at nodes */
    PURPOSE_ROUTER,         /* a place that clients send from: delays */
    PURPOSE_ATTRIBUTE,      /* client class and key: values of its users */
    PURPOSE_MIRROR,         /* client class: is request i copied */
    PURPOSE_DNS,            /* node and Service: when it looks the name up */
    PURPOSE_INGRESS,        /* the ingress controller: delays */
    PURPOSE_TARGET,         /* pod entity: when a load balancer likes it */
    PURPOSE_GROUP,          /* workload: who leads next */
    PURPOSE_MESH,           /* sender and request: retries of a sidecar */
    PURPOSE_BUSY,           /* timing and machine: how busy it is */
    PURPOSE_RECONCILE,      /* operator, resource, phase, try: how it goes */
    PURPOSE_POOL,           /* machine: when it is there, who approves it */
    PURPOSE_POLICY,         /* policy or pod: when agents know it */
    PURPOSE_CONVERSION,     /* client class: does user i convert */
    PURPOSE_BANDIT,         /* draws from its posteriors */
    PURPOSE_FLAG,           /* pods: when they know; sender: whose flag is on */
    PURPOSE_DOOR,           /* client class: the cluster of user i; health */
    PURPOSE_ACCEPT,         /* client class and request: when it is accepted */
};

#endif
