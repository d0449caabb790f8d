/** @file
 * Ockham: regularised neural networks on any OpenCL device, and in plain C.
 * This header brings in all the others. */
#ifndef OCKHAM_H
#define OCKHAM_H

#include <ockham/augment.h>
#include <ockham/context.h>
#include <ockham/data.h>
#include <ockham/device.h>
#include <ockham/measure.h>
#include <ockham/model.h>
#include <ockham/ops.h>
#include <ockham/search.h>
#include <ockham/status.h>
#include <ockham/tensor.h>
#include <ockham/train.h>
#include <ockham/version.h>

#endif
