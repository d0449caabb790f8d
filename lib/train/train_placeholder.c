/* Stand-in until training has landed. */
#include <ockham/train.h>
