# Answers DNS questions: 127.0.0.1 for every name of the sandbox, and no such name for any other.
# Prints the names that it is asked for.
use strict;
use warnings;
use IO::Socket::INET;

$| = 1;
my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.53', LocalPort => 53, Proto => 'udp')
  or die "no socket: $!";
while (defined $socket->recv(my $question, 512)) {
  my ($id, $flags) = unpack 'n n', $question;
  my ($name, $at) = ('', 12);
  while (my $length = ord substr $question, $at, 1) {
    $name .= ($name eq '' ? '' : '.') . substr $question, $at + 1, $length;
    $at += $length + 1;
  }
  my $type = unpack 'n', substr $question, $at + 1, 2;
  print "$name $type\n";
  my $known = $name =~ /\.sandbox\.test$/;
  my $answer = $known && $type == 1 ? pack 'n n n N n C4', 0xc00c, 1, 1, 1, 4, 127, 0, 0, 1 : '';
  # An answer (8), with recursion (1 and 8), and the code 3 for a name that is not known.
  my $head = pack 'n n n n n n', $id, 0x8180 | ($known ? 0 : 3), 1, $answer ne '' ? 1 : 0, 0, 0;
  $socket->send($head . substr($question, 12, $at + 5 - 12) . $answer);
}
