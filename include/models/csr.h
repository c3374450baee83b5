/*
 * csr.h - the CertificateSigningRequest object: a kubelet asks to join.
 */
#ifndef MODELS_CSR_H
#define MODELS_CSR_H
#include "models/object.h"

struct csr {
    struct meta meta;
    const char *username;       /* who asks */
    bool approved, denied;
};

#define csr_of(m) ((struct csr *)(m))
#define csr_seen(m) ((const struct csr *)(m))

#endif
