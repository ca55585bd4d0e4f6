using Chaku.Model.Files;

namespace Chaku.Model.Families;

/// <summary>Hugging Face's <c>config.json</c>: one table of names for all families.</summary>
/// <remarks>Source: the configuration classes of the transformers library.</remarks>
internal sealed class HuggingFaceDialect : SettingsDialect
{
    private static readonly Dictionary<string, string[]> Names = new(StringComparer.Ordinal)
    {
        ["embedding_length"] = ["hidden_size", "n_embd", "n_embed", "d_model"],
        ["block_count"] = ["num_hidden_layers", "n_layer", "n_layers"],
        ["context_length"] = ["max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "n_ctx"],
        ["feed_forward_length"] = ["intermediate_size", "n_inner", "ffn_hidden_size"],
        ["attention.head_count"] = ["num_attention_heads", "n_head", "n_heads"],
        ["attention.head_count_kv"] = ["num_key_value_heads", "num_kv_heads", "n_head_kv"],
        ["attention.key_length"] = ["head_dim"],
        ["attention.layer_norm_rms_epsilon"] = ["rms_norm_eps"],
        ["attention.layer_norm_epsilon"] = ["layer_norm_epsilon", "layer_norm_eps"],
        ["attention.sliding_window"] = ["sliding_window"],
        ["attention.clamp_kqv"] = ["attn_config.clip_qkv"],
        ["attention.max_alibi_bias"] = ["attn_config.alibi_bias_max"],
        ["rope.freq_base"] = ["rope_theta", "rotary_emb_base", "rope_parameters.rope_theta"],
        ["rope.dimension_count"] = ["rotary_dim"],
        ["partial_rotary_factor"] = ["partial_rotary_factor", "rotary_pct", "rope_parameters.partial_rotary_factor"],
        ["expert_count"] = ["num_local_experts", "num_experts"],
        ["expert_used_count"] = ["num_experts_per_tok"],
        ["expert_feed_forward_length"] = ["moe_intermediate_size"],
        ["activation"] = ["hidden_activation", "hidden_act", "activation_function", "activation"],
    };

    // What training, generation, the tokenizer or a tool reads; none of it changes the forward of a decoder.
    private static readonly HashSet<string> Ignored = new(StringComparer.Ordinal)
    {
        "_attn_implementation", "_attn_implementation_autoset", "_commit_hash", "_name_or_path", "add_cross_attention",
        "architectures", "attention_dropout", "attention_probs_dropout_prob", "attn_implementation", "attn_pdrop",
        "attention_softmax_in_fp32", "bad_words_ids", "begin_suppress_tokens", "bias_dropout_fusion", "bos_token_id",
        "cache_implementation", "chunk_size_feed_forward", "classifier_dropout", "cross_attention_hidden_size",
        "decoder_start_token_id", "diversity_penalty", "do_sample", "dtype", "early_stopping", "embd_pdrop",
        "emb_pdrop", "embedding_dropout", "encoder_no_repeat_ngram_size", "eos_token_id",
        "exponential_decay_length_penalty",
        "finetuning_task", "forced_bos_token_id", "forced_eos_token_id", "gradient_checkpointing", "hidden_dropout",
        "hidden_dropout_prob", "id2label", "init_device", "initializer_range", "is_decoder", "is_encoder_decoder",
        "label2id", "language", "learned_pos_emb", "length_penalty", "masked_softmax_fusion",
        "max_length", "max_new_tokens", "min_length", "model_type", "multi_query_group_num", "n_ctx",
        "no_repeat_ngram_size", "norm_softmax", "num_beam_groups", "num_beams", "num_return_sequences", "offset_alibi",
        "output_attentions", "output_hidden_states", "output_router_logits", "output_scores", "pad_token_id", "prefix",
        "pretraining_tp", "problem_type", "pruned_heads", "remove_invalid_values", "reorder_and_upcast_attn",
        "repetition_penalty", "resid_pdrop", "return_dict", "return_dict_in_generate", "router_aux_loss_coef",
        "router_jitter_noise", "scale_attn_weights", "sep_token_id", "skip_bias_add", "skip_bias_add_qkv",
        "slow_but_exact", "sliding_window_size",
        "summary_activation", "summary_first_dropout", "summary_proj_to_labels", "summary_type", "summary_use_proj",
        "suppress_tokens", "task_specific_params", "temperature", "tf_legacy_loss", "tie_encoder_decoder",
        "tie_word_embeddings", "tokenizer_class", "tokenizer_name", "top_k", "top_p", "torch_dtype", "torchscript",
        "transformers_version", "typical_p", "unk_token_id", "unsloth_fixed", "unsloth_version", "use_bfloat16",
        "use_cache", "verbose", "vocab_size",
    };

    // Whole objects of the same kind.
    private static readonly string[] IgnoredObjects =
        ["auto_map.", "id2label.", "init_config.", "label2id.", "pruned_heads.", "task_specific_params."];

    /// <inheritdoc/>
    public override bool IsHuggingFace => true;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Spellings(string key) =>
        Names.TryGetValue(key, out string[]? names) ? names : [key];

    /// <summary>What a switch that is off says, in any spelling, changes nothing.</summary>
    /// <inheritdoc/>
    public override bool IsSetting(MetadataValue value) =>
        !Ignored.Contains(value.Key)
        && !IgnoredObjects.Any(name => value.Key.StartsWith(name, StringComparison.Ordinal))
        && value.Content is not (false or 0L or 0.0)
        && value.Content is not byte[] { Length: 0 };
}
