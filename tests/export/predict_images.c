/* For each image of 784 bytes from standard input: its digit, its confidence and, where an argument
 * is given, its logits, as int32 of this machine, to standard output. */
#include <stdio.h>

#include "digits.h"

int main(int arguments, char **names)
{
    uint8_t image[784];
    size_t size = arguments > 1 ? 2 + TENDIGITS_OUTPUTS : 2;

    (void)names;
    while (fread(image, sizeof image, 1, stdin) == 1) {
        int32_t result[2 + TENDIGITS_OUTPUTS];
        int confidence;

        result[0] = tendigits_predict(image, &confidence);
        result[1] = confidence;
        if (arguments > 1)
            tendigits_logits(image, result + 2);
        if (fwrite(result, sizeof *result, size, stdout) != size)
            return 1;
    }
    return 0;
}
