// The logits of llama.cpp for given tokens: the last row, one float a line, as many digits as tell floats apart.
//
//     logits MODEL.gguf THREADS TOKEN...
//
// bench/peers builds it against the libllama that llama-bench runs with.
#include "llama.h"
#include <cstdio>
#include <cstdlib>
#include <vector>

int main(int argc, char ** argv) {
    if (argc < 4) {
        std::fprintf(stderr, "logits: expected MODEL.gguf THREADS TOKEN..., got %d arguments\n", argc - 1);
        return 2;
    }
    std::vector<llama_token> tokens;
    for (int i = 3; i < argc; i++) {
        tokens.push_back(std::atoi(argv[i]));
    }
    llama_log_set([](ggml_log_level, const char *, void *) {}, nullptr);
    ggml_backend_load_all();

    llama_model * model = llama_model_load_from_file(argv[1], llama_model_default_params());
    if (model == nullptr) {
        std::fprintf(stderr, "logits: expected a model that llama.cpp loads, got %s\n", argv[1]);
        return 1;
    }
    llama_context_params params = llama_context_default_params();
    params.n_ctx = params.n_batch = params.n_ubatch = static_cast<uint32_t>(tokens.size());
    params.n_threads = params.n_threads_batch = std::atoi(argv[2]);
    llama_context * context = llama_init_from_model(model, params);
    if (context == nullptr
            || llama_decode(context, llama_batch_get_one(tokens.data(), static_cast<int32_t>(tokens.size()))) != 0) {
        std::fprintf(stderr, "logits: llama.cpp could not run these tokens\n");
        return 1;
    }
    const float * logits = llama_get_logits_ith(context, -1);
    const int vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(model));
    for (int i = 0; i < vocabulary; i++) {
        std::printf("%.9g\n", logits[i]);
    }
    llama_free(context);
    llama_model_free(model);
    return 0;
}
