// A program in C++, any version from 2011 on, with the header as C has it.
#include WEIR_HEADER
#include <cstdint>
#include <cstdio>
#include <vector>

int main()
{
    weir_kpa_config config;
    weir_decision decision;
    std::size_t bytes = 0;

    weir_kpa_config_init(&config, sizeof config);
    config.target = 10;
    weir_kpa_bytes(&config, &bytes, nullptr);
    std::vector<std::uint64_t> block((bytes + 7) / 8);
    weir_kpa *kpa = reinterpret_cast<weir_kpa *>(block.data());
    weir_kpa_init(kpa, bytes, &config, 1, 0, nullptr);
    weir_decision_init(&decision, sizeof decision);
    weir_kpa_stat stat = {42, 0, 0, 0};
    weir_kpa_record(kpa, 0, &stat);
    weir_kpa_decide(kpa, 1, 1, 2 * WEIR_SECOND, &decision, nullptr);
    std::printf("%d pods, by weir %s\n", static_cast<int>(decision.replicas), weir_version_text());
    return decision.replicas == 6 ? 0 : 1;
}
